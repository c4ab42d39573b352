r"""A decoder's last layer and its Bernoulli log-likelihood in one function, faster and smaller on a CPU.

For features h of a decoder, :math:`l = W h + b` and :math:`\sum_i x_i l_i - \log(1 + e^{l_i})`. Importance-weighted
objectives evaluate it for K latents of each image, and the logits are then the largest tensors of a step. Here some
rows of them at a time are made, reduced to a number each and overwritten by the residual :math:`\sigma(l) - x`, from
which every gradient follows: with g the gradient of the row's value, g scales the narrow side of each product,

.. math:: \nabla_h = g\,(x - \sigma(l))\,W, \qquad \nabla_W = (x - \sigma(l))^\top (g\,h).

The sum of the softplus takes a logarithm for a hundred pixels instead of one each:
:math:`\log(1+e^l) = \max(l, 0) - \log\sigma(|l|)`, and a product of a hundred factors between a
half and one is far from underflow.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.kernels.linear import product
from dgm_helpers.objectives.distributions import bernoulli_log_prob

# Rows of logits at a time: enough for an efficient matrix product, few enough to stay near the processor.
ROWS = 256
FACTORS = 100  # of a product: a half to the power of 100 is 8e-31, and float32 begins at 1e-38


def bernoulli_output_log_prob(
    x: Float[Tensor, "batch pixels"], features: Float[Tensor, "samples batch features"], layer: nn.Linear
) -> Float[Tensor, "samples batch"]:
    """Log-probability of binary or grey images ``x`` under a Bernoulli whose logits are ``layer(features)``, in nats.

    It is ``bernoulli_log_prob(x, layer(features))``, to rounding, in less memory and time; any number of derivatives.
    Under autocast the product is in half precision, as the layer's would be, and everything after it in float32; so
    it is with a layer of half precision, in which a product of a hundred factors would underflow. There, and on other
    devices, which like few large operations, it is computed just so.

    Args:
        x: pixels in [0, 1].
        features: the layer's inputs for each sample of each image.
        layer: the decoder's last one.
    """
    weight, bias, device = layer.weight, layer.bias, features.device.type
    mixed = torch.is_autocast_enabled(device) or len({x.dtype, features.dtype, weight.dtype}) > 1
    half = weight.dtype not in (torch.float32, torch.float64)
    if device != "cpu" or mixed or half or bias is None:
        return bernoulli_log_prob(x, layer(features).to(torch.promote_types(x.dtype, torch.float32)))
    inputs = (x, features, weight, bias)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    return _BernoulliOutput.apply(keep, *inputs)[0]


class _BernoulliOutput(torch.autograd.Function):
    """The values, and a few rows at a time the residuals that the gradients need."""

    @staticmethod
    def forward(keep: bool, x: Tensor, features: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
        values, residuals = [], []
        for samples in _parts(*features.shape[:2]):
            logits = product(features[samples], weight, bias)
            # What needs the logits comes first: their memory is then taken over. So is that of the scratch.
            scratch = logits.clamp(min=0)
            value = torch.einsum("bp,kbp->kb", x, logits) - scratch.sum(dim=-1)
            probabilities = logits.sigmoid_()
            torch.sub(1, probabilities, out=scratch)
            values.append(value + _log_product(torch.maximum(probabilities, scratch, out=scratch)))
            if keep:
                residuals.append(probabilities.sub_(x).flatten(0, 1))
        return torch.cat(values), *residuals

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        _, *residuals = output
        ctx.mark_non_differentiable(*residuals)
        ctx.save_for_backward(*inputs[1:], *residuals)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, features, weight, bias, *residuals = ctx.saved_tensors
        by_x = None
        if ctx.needs_input_grad[1]:
            by_x = torch.einsum("kb,kbp->bp", gradient, F.linear(features, weight, bias))
        if (
            torch.is_grad_enabled()
        ):  # somebody will differentiate once more: the same as functions autograd can follow
            scale = -gradient.unsqueeze(-1)
            residual = scale * (F.linear(features, weight, bias).sigmoid() - x)
            by_weight = torch.einsum("kbp,kbf->pf", residual, features)
            return None, by_x, residual @ weight, by_weight, residual.sum(dim=(0, 1))
        by_features = torch.empty_like(features, memory_format=torch.contiguous_format)
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        rows = [len(residual) for residual in residuals]
        flat = (features.flatten(0, 1), by_features.flatten(0, 1), gradient.neg().reshape(-1, 1))
        for residual, part, by_part, scale in zip(residuals, *(t.split(rows) for t in flat), strict=True):
            torch.mul(product(residual, weight.T), scale, out=by_part)
            by_weight += product(residual.T, (part * scale).T)
            by_bias.addmv_(residual.T, scale[:, 0])
        return None, by_x, by_features, by_weight, by_bias


def _parts(samples: int, batch: int) -> Iterator[slice]:
    """Slices of the samples, of nearly equal length, with about so many rows each."""
    at_once = max(1, ROWS // max(1, batch))
    parts = -(-samples // at_once)
    for part in range(parts):
        yield slice(part * samples // parts, (part + 1) * samples // parts)


def _log_product(probabilities: Tensor) -> Tensor:
    """Sums over the last axis of the logarithms of numbers between a half and one."""
    whole = probabilities.shape[-1] // FACTORS * FACTORS
    products = probabilities[..., :whole].unflatten(-1, (-1, FACTORS)).prod(dim=-1)
    return products.log().sum(dim=-1) + probabilities[..., whole:].prod(dim=-1).log()
