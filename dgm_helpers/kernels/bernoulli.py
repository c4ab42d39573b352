"""The sum in a Bernoulli log-likelihood and its gradient, in fewer passes over memory than autograd makes."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.kernels import plain


def bernoulli_sum(
    x: Float[Tensor, "*#batch pixels"], logits: Float[Tensor, "*#batch pixels"]
) -> Float[Tensor, "*batch"]:
    r"""Return :math:`\sum_i x_i l_i - \log(1+e^{l_i})` over the last axis, in nats; any number of derivatives.

    A decoder's logits for K samples of each image are the largest tensors of a training step, so each pass over them
    counts. The plain version leaves the gradient, :math:`x - \sigma(l)`, to autograd.
    """
    return plain_sum(x, logits) if plain() else _BernoulliSum.apply(x, logits)


def plain_sum(
    x: Float[Tensor, "*#batch pixels"], logits: Float[Tensor, "*#batch pixels"]
) -> Float[Tensor, "*batch"]:
    """Return ``(x * logits - F.softplus(logits)).sum(dim=-1)``, in the inputs' precision even under autocast."""
    # Above its threshold softplus returns l itself: beyond the default of 20 that is off by 2e-9, beyond 40 by less
    # than float64 resolves.
    with torch.autocast(x.device.type, enabled=False):
        return torch.einsum("...i,...i->...", x, logits) - F.softplus(logits, threshold=40).sum(dim=-1)


class _BernoulliSum(torch.autograd.Function):
    """The sum over the last axis and its gradient x - sigmoid(l)."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, logits: Tensor) -> Tensor:
        return plain_sum(x, logits)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, logits = ctx.saved_tensors
        gradient = gradient.unsqueeze(-1)
        by_x = (logits * gradient).sum_to_size(x.shape) if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return by_x, None
        # The logits come first: the result then has their layout, and the matrix product after it need not copy it.
        return by_x, ((logits.sigmoid() - x) * -gradient).sum_to_size(logits.shape)
