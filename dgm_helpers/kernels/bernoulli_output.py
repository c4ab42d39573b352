r"""A decoder's last layer and its Bernoulli log-likelihood in one function, faster and smaller on a CPU.

For features h of a decoder, :math:`l = W h + b` and :math:`\sum_i x_i l_i - \log(1 + e^{l_i})`. Importance-weighted
objectives evaluate it for K latents of each image, and the logits are then the largest tensors of a training step. Here
a few rows of logits at a time are computed, reduced to a number each and overwritten by the residual
:math:`\sigma(l) - x`, from which every gradient follows. With g the gradient of the row's value, g scales the narrow
side of each product,

.. math:: \nabla_h = g\,(x - \sigma(l))\,W, \qquad \nabla_W = (x - \sigma(l))^\top (g\,h).

The sum of the softplus takes one logarithm per hundred pixels instead of one per pixel:
:math:`\log(1+e^l) = \max(l, 0) - \log\sigma(|l|)`, and a product of a hundred factors between a half and one is far
from underflow.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.kernels import plain
from dgm_helpers.kernels.bernoulli import bernoulli_sum, plain_sum
from dgm_helpers.kernels.linear import product

# Rows of logits at a time: enough for an efficient matrix product, few enough to stay in the processor's cache.
ROWS = 256
FACTORS = 100  # of a product: a half to the power of 100 is 8e-31, and float32 begins at 1e-38


def bernoulli_output_log_prob(
    x: Float[Tensor, "batch pixels"], features: Float[Tensor, "samples batch features"], layer: nn.Linear
) -> Float[Tensor, "samples batch"]:
    """Return ``bernoulli_log_prob(x, layer(features))``, in nats, up to rounding; any number of derivatives.

    The plain line is also computed under autocast, in half precision, for a layer without a bias, and on other devices,
    which prefer a few large operations. The likelihood is always in at least float32.

    Args:
        x: pixels in [0, 1].
        features: the layer's inputs for each sample of each image.
        layer: the decoder's last layer.
    """
    if plain() or not _is_supported(x, features, layer):
        dtype = torch.promote_types(x.dtype, torch.float32)
        return bernoulli_sum(x.to(dtype), layer(features).to(dtype))
    inputs = (x, features, layer.weight, layer.bias)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    return _BernoulliOutput.apply(keep, *inputs)[0]


def without_logits(log_likelihood: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let a VAE's method ``log_likelihood(x, z)`` compute its value without all logits in memory, where it can.

    It can for several latents of each image, Bernoulli pixels (``log_noise`` is None) and a decoder whose last layer is
    linear; the rest of the decoder is unchanged.
    """

    @wraps(log_likelihood)
    def compute(model: nn.Module, x: Tensor, z: Tensor) -> Tensor:
        decoder = model.decoder
        ends_linearly = isinstance(decoder, nn.Sequential) and isinstance(decoder[-1], nn.Linear)
        if model.log_noise is not None or z.dim() != 3 or not ends_linearly:
            return log_likelihood(model, x, z)
        features = decoder[:-1](z.flatten(0, 1)).unflatten(0, z.shape[:2])
        return bernoulli_output_log_prob(x.flatten(1), features, decoder[-1])

    return compute


def _is_supported(x: Tensor, features: Tensor, layer: nn.Linear) -> bool:
    weight, device = layer.weight, features.device.type
    mixed = torch.is_autocast_enabled(device) or len({x.dtype, features.dtype, weight.dtype}) > 1
    # In half precision a product of a hundred factors would underflow.
    return (
        device == "cpu"
        and not mixed
        and weight.dtype in (torch.float32, torch.float64)
        and layer.bias is not None
    )


class _BernoulliOutput(torch.autograd.Function):
    """The values and, in parts of a few rows, the residuals that the gradients need."""

    @staticmethod
    def forward(keep: bool, x: Tensor, features: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
        values, residuals = [], []
        for samples in _parts(*features.shape[:2]):
            logits = product(features[samples], weight, bias)
            # Terms that need the logits come first: their memory is then reused, as is the scratch's.
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
        if torch.is_grad_enabled():  # a second derivative may follow
            _, pull_back = torch.func.vjp(_plain_output, x, features, weight, bias)
            return None, *pull_back(gradient)
        by_x = None
        if ctx.needs_input_grad[1]:
            by_x = torch.einsum("kb,kbp->bp", gradient, F.linear(features, weight, bias))
        by_features = torch.empty_like(features, memory_format=torch.contiguous_format)
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        rows = [len(residual) for residual in residuals]
        flat = (features.flatten(0, 1), by_features.flatten(0, 1), gradient.neg().reshape(-1, 1))
        for residual, part, by_part, scale in zip(residuals, *(t.split(rows) for t in flat), strict=True):
            torch.mul(product(residual, weight.T), scale, out=by_part)
            by_weight += product(residual.T, (part * scale).T)
            by_bias.addmv_(residual.T, scale[:, 0])
        return None, by_x, by_features, by_weight, by_bias


def _plain_output(x: Tensor, features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return plain_sum(x, F.linear(features, weight, bias))


def _parts(samples: int, batch: int) -> Iterator[slice]:
    """Yield slices of the samples, of nearly equal length, with about ``ROWS`` rows each."""
    at_once = max(1, ROWS // max(1, batch))
    parts = -(-samples // at_once)
    for part in range(parts):
        yield slice(part * samples // parts, (part + 1) * samples // parts)


def _log_product(probabilities: Tensor) -> Tensor:
    """Return the sums over the last axis of the logarithms of numbers between a half and one."""
    grouped = probabilities.shape[-1] // FACTORS * FACTORS
    products = probabilities[..., :grouped].unflatten(-1, (-1, FACTORS)).prod(dim=-1)
    return products.log().sum(dim=-1) + probabilities[..., grouped:].prod(dim=-1).log()
