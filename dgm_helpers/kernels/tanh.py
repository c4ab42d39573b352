"""The hyperbolic tangent, faster than torch's on a CPU in float32."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.kernels import plain


def tanh(x: Float[Tensor, "*shape"], inplace: bool = False) -> Float[Tensor, "*shape"]:
    r"""Return ``torch.tanh(x)``, on a CPU in float32 as :math:`2\sigma(2x) - 1` with an error of at most 2.4e-7.

    There torch's tanh keeps its relative precision near zero, which takes several times as long as its sigmoid. The
    units of a network need only the absolute precision.

    Args:
        x: numbers of any shape.
        inplace: overwrite ``x`` if the faster form is used. This is correct after a linear layer, whose gradient does
            not need its output.
    """
    if plain() or x.device.type != "cpu" or x.dtype != torch.float32:
        return torch.tanh(x)
    return (_TanhInPlace if inplace else _Tanh).apply(x)


class Tanh(nn.Module):
    """A layer that computes :func:`tanh`, as ``nn.Tanh`` computes torch's."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return tanh of each number."""
        return tanh(x, self.inplace)


class _Tanh(torch.autograd.Function):
    """tanh that keeps only its value: the derivative is one minus its square."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return (2 * x).sigmoid_().mul_(2).sub_(1)  # in one piece of memory

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (value,) = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative may follow
            return gradient * (1 - value * value)
        return torch.ops.aten.tanh_backward(gradient, value)


class _TanhInPlace(_Tanh):
    """tanh in the memory of its input."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.mul_(2).sigmoid_().mul_(2).sub_(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.mark_dirty(*inputs)
        ctx.save_for_backward(output)
