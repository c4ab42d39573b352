r"""Reversible residual layers, whose backward pass recovers the activations from the outputs instead of storing them.

A. N. Gomez, M. Ren, R. Urtasun and R. B. Grosse, *The Reversible Residual Network: Backpropagation Without Storing
Activations*, NIPS 2017 (arXiv 1707.04585). Their block (eq. 6 to 8) and its inverse, with residual functions F and G:

.. math:: y_1 = x_1 + F(x_2), \quad y_2 = x_2 + G(y_1); \qquad x_2 = y_2 - G(y_1), \quad x_1 = y_1 - F(x_2)

It is two steps :math:`(x_1, x_2) \mapsto (x_2,\ x_1 + f(x_2))`, one with f = F and one with f = G. The step is the unit
here, because i-RevNet is made of the same steps. Backward, from the outputs :math:`(y_1, y_2)` of a step and the loss's
derivatives :math:`(\bar y_1, \bar y_2)` with respect to them, as in their algorithm 1:

.. math:: x_2 = y_1, \quad x_1 = y_2 - f(x_2), \qquad
          \bar x_1 = \bar y_2, \quad \bar x_2 = \bar y_1 + J_f(x_2)^\top \bar y_2, \quad
          \bar\theta = J_f(\theta)^\top \bar y_2

One evaluation of f serves both reconstruction and derivative: a training step does the work of four forward passes,
where storing activations takes three.

A step's function must not draw from its own generator, use tensors that need gradients other than its input and its
parameters, or change state at each call, except for the running statistics of normalization layers.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from dgm_helpers.kernels import plain
from dgm_helpers.kernels.recomputed_chain import RecomputedChain, frozen_statistics
from dgm_helpers.layers.space_to_depth import depth_to_space, space_to_depth

Pair = tuple[Float[Tensor, "batch *_"], Float[Tensor, "batch *_"]]


class ReversibleStep(nn.Module):
    r""":math:`(x_1, x_2) \mapsto (\psi x_2,\ \psi x_1 + f(x_2))`, with :math:`\psi` the identity or space-to-depth.

    Args:
        function: f, whose output has the shape of :math:`\psi x_1`.
        block: side of the blocks of pixels that :math:`\psi` moves into channels; with 1 it is the identity.
    """

    def __init__(self, function: nn.Module, *, block: int = 1) -> None:
        super().__init__()
        self.function, self.block = function, block

    def forward(self, x1: Float[Tensor, "batch *_"], x2: Float[Tensor, "batch *_"]) -> Pair:
        """Return the outputs y1 and y2."""
        return self._down(x2), self._down(x1) + self.function(x2)

    def inverse(self, y1: Float[Tensor, "batch *_"], y2: Float[Tensor, "batch *_"]) -> Pair:
        """Return the inputs x1 and x2, without updating running statistics.

        Raises:
            RuntimeError: if the function has active dropout, which would draw a different mask.
        """
        _require_no_dropout(self.function)
        x2 = self._up(y1)
        with frozen_statistics(self.function.modules()):
            return self._up(y2 - self.function(x2)), x2

    def backpropagate(
        self, y: Pair, dy: Pair, parameters: Sequence[Tensor], again: AbstractContextManager
    ) -> tuple[Pair, Pair, Sequence[Tensor | None]]:
        """Return the inputs, their gradients, and those of the parameters, from the outputs and their gradients.

        Args:
            y: the outputs.
            dy: the gradients with respect to the outputs.
            parameters: the function's parameters that need a gradient.
            again: context with the random state and the autocast of the function's first evaluation, which does not
                update the running statistics again.
        """
        (y1, y2), (dy1, dy2) = y, dy
        x2 = self._up(y1).detach().requires_grad_()
        with torch.enable_grad(), again:
            residual = self.function(x2)
        x1 = self._up(y2 - residual.detach())
        dx2, *gradients = torch.autograd.grad(
            residual, [x2, *parameters], dy2.to(residual.dtype), allow_unused=True
        )
        dx2 = self._up(dy1) if dx2 is None else self._up(dy1) + dx2
        return (x1, x2.detach()), (self._up(dy2), dx2), gradients

    def _down(self, x: Tensor) -> Tensor:
        return x if self.block == 1 else space_to_depth(x, self.block)

    def _up(self, x: Tensor) -> Tensor:  # also the transpose, since psi only permutes values
        return x if self.block == 1 else depth_to_space(x, self.block)


def reversible_block(f: nn.Module, g: nn.Module) -> tuple[ReversibleStep, ReversibleStep]:
    """Return the steps of RevNet's block, y1 = x1 + f(x2) and y2 = x2 + g(y1). Gomez et al. (2017), eq. 6 and 7."""
    return ReversibleStep(f), ReversibleStep(g)


class ReversibleChain(nn.Module):
    """Steps in sequence, whose backward pass needs only the last outputs: memory for activations is flat in depth.

    The backward pass draws the same dropout masks (for steps that draw, the random state is stored: 5 kB on a CPU, 16
    bytes on a GPU), uses the same autocast, and batch normalization counts a batch once. The streams stay in float32
    under autocast: reconstruction would have to undo each step's rounding, which it cannot in bfloat16.

    Args:
        steps: the steps, at least one.
        store_activations: use plain autograd instead: the same results, with memory that grows with depth.

    Raises:
        ValueError: if there are no steps.
    """

    def __init__(self, steps: Iterable[ReversibleStep], *, store_activations: bool = False) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)
        if not len(self.steps):
            raise ValueError("steps must have at least 1 step, got none")
        self.store_activations = store_activations

    def forward(self, x1: Float[Tensor, "batch *_"], x2: Float[Tensor, "batch *_"]) -> Pair:
        """Return the outputs of the last step.

        Raises:
            ValueError: if the streams are in half precision outside autocast.
        """
        x1, x2 = _widened(x1), _widened(x2)
        if not self.store_activations and torch.is_grad_enabled() and not plain():
            by_step = [[p for p in step.parameters() if p.requires_grad] for step in self.steps]
            unique = {id(p): p for parameters in by_step for p in parameters}
            return RecomputedChain.apply(self, by_step, x1, x2, *unique.values())
        for step in self.steps:
            x1, x2 = step(x1, x2)
        return x1, x2

    def inverse(self, y1: Float[Tensor, "batch *_"], y2: Float[Tensor, "batch *_"]) -> Pair:
        """Return the inputs of the first step.

        Raises:
            RuntimeError: if a function has active dropout, which would draw a different mask.
        """
        for step in reversed(self.steps):
            y1, y2 = step.inverse(y1, y2)
        return y1, y2


def _widened(x: Tensor) -> Tensor:
    """Return a stream in at least float32."""
    if x.dtype not in (torch.bfloat16, torch.float16):
        return x
    if not torch.is_autocast_enabled(x.device.type):
        raise ValueError(
            f"activations cannot be recovered in {x.dtype}: keep them in float32 and use autocast"
        )
    return x.float()


def _require_no_dropout(module: nn.Module) -> None:
    if any(isinstance(layer, _DropoutNd) and layer.training and layer.p > 0 for layer in module.modules()):
        raise RuntimeError("with active dropout a step has no inverse: call eval() first")
