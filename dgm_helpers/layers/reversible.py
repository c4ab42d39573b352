r"""Reversible residual layers, whose backward pass recovers the activations instead of having stored them.

A. N. Gomez, M. Ren, R. Urtasun and R. B. Grosse, *The Reversible Residual Network: Backpropagation Without Storing
Activations*, NIPS 2017 (arXiv 1707.04585). Their block (eq. 6 to 8) and its inverse, with residual functions F and G:

.. math:: y_1 = x_1 + F(x_2), \quad y_2 = x_2 + G(y_1); \qquad x_2 = y_2 - G(y_1), \quad x_1 = y_1 - F(x_2)

It is two steps :math:`(x_1, x_2) \mapsto (x_2,\ x_1 + f(x_2))`, one with f = F and one with f = G. The step is the unit
here, because i-RevNet is made of the same. Backward, from the outputs :math:`(y_1, y_2)` of a step and the loss's
derivatives :math:`(\bar y_1, \bar y_2)` in them, as in their algorithm 1:

.. math:: x_2 = y_1, \quad x_1 = y_2 - f(x_2), \qquad
          \bar x_1 = \bar y_2, \quad \bar x_2 = \bar y_1 + J_f(x_2)^\top \bar y_2, \quad
          \bar\theta = J_f(\theta)^\top \bar y_2

One evaluation of f serves reconstruction and derivative: a training step does the work of four forward passes, where
storing does that of three.

What a step's function may not do: draw from a generator of its own, use tensors that need gradients other than its
input and its parameters, or change state at each call, but for the running statistics of normalization layers.
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
        function: f, which returns the shape of :math:`\psi x_1`.
        block: :math:`\psi` moves blocks of this many pixels a side into channels; 1 leaves both halves as they are.
    """

    def __init__(self, function: nn.Module, *, block: int = 1) -> None:
        super().__init__()
        self.function, self.block = function, block

    def forward(self, x1: Float[Tensor, "batch *_"], x2: Float[Tensor, "batch *_"]) -> Pair:
        """The outputs y1 and y2."""
        return self._down(x2), self._down(x1) + self.function(x2)

    def inverse(self, y1: Float[Tensor, "batch *_"], y2: Float[Tensor, "batch *_"]) -> Pair:
        """The inputs x1 and x2; running statistics stay as they are.

        Raises:
            RuntimeError: if the function has active dropout, which would draw another mask.
        """
        _require_no_dropout(self.function)
        x2 = self._up(y1)
        with frozen_statistics(self.function.modules()):
            return self._up(y2 - self.function(x2)), x2

    def backpropagate(
        self, y: Pair, dy: Pair, parameters: Sequence[Tensor], again: AbstractContextManager
    ) -> tuple[Pair, Pair, Sequence[Tensor | None]]:
        """From outputs and their gradients: the inputs, their gradients, and those of the parameters.

        Args:
            y: the outputs.
            dy: the gradients in them.
            parameters: of the function; those that need a gradient.
            again: puts the function under the random state and the autocast of its first evaluation, and is left with
                the running statistics as they are.
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

    def _up(self, x: Tensor) -> Tensor:  # also the transposed map, since it moves values and changes none
        return x if self.block == 1 else depth_to_space(x, self.block)


def reversible_block(f: nn.Module, g: nn.Module) -> tuple[ReversibleStep, ReversibleStep]:
    """The two steps of RevNet's block: y1 = x1 + f(x2), then y2 = x2 + g(y1). Gomez et al. (2017), eq. 6 and 7."""
    return ReversibleStep(f), ReversibleStep(g)


class ReversibleChain(nn.Module):
    """Steps one after the other, of which the backward pass needs the last outputs alone: memory is flat in depth.

    Dropout draws the same masks again (the random state is kept for steps that draw: 5 kB on a CPU, 16 bytes on a
    GPU), autocast is entered again, and batch normalization counts a batch once. The streams stay in float32 under
    autocast: each step's rounding would have to be undone by the next reconstruction, and in bfloat16 is not.

    Args:
        steps: at least one.
        store_activations: use plain autograd instead. The same numbers, with memory that grows with depth.

    Raises:
        ValueError: if there are no steps.
    """

    def __init__(self, steps: Iterable[ReversibleStep], *, store_activations: bool = False) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)
        if not len(self.steps):
            raise ValueError("a reversible chain needs at least one step")
        self.store_activations = store_activations

    def forward(self, x1: Float[Tensor, "batch *_"], x2: Float[Tensor, "batch *_"]) -> Pair:
        """The outputs of the last step.

        Raises:
            ValueError: if the streams are in half precision outside autocast.
        """
        x1, x2 = _widened(x1), _widened(x2)
        if not self.store_activations and torch.is_grad_enabled() and not plain():
            own = [[p for p in step.parameters() if p.requires_grad] for step in self.steps]
            unique = {id(p): p for parameters in own for p in parameters}
            return RecomputedChain.apply(self, own, x1, x2, *unique.values())
        for step in self.steps:
            x1, x2 = step(x1, x2)
        return x1, x2

    def inverse(self, y1: Float[Tensor, "batch *_"], y2: Float[Tensor, "batch *_"]) -> Pair:
        """The inputs of the first step.

        Raises:
            RuntimeError: if a function has active dropout, which would draw another mask.
        """
        for step in reversed(self.steps):
            y1, y2 = step.inverse(y1, y2)
        return y1, y2


def _widened(x: Tensor) -> Tensor:
    """A stream in at least float32."""
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
