r"""The discretized logistic distribution of a pixel, and mixtures of it.

T. Salimans, A. Karpathy, X. Chen and D. P. Kingma, *PixelCNN++*, ICLR 2017 (arXiv 1701.05517), sections 2.1, 2.2.
A pixel is a logistic variable rounded to the nearest of K levels; the first and the last one include the tails.
Here pixels are in [-1, 1], so that neighboring levels are 2 / (K - 1) apart.

The probability of a level is a difference of two sigmoids. In float32 a small difference loses all its digits, and
published code replaces it by a density there. That is not necessary: with a > b,

.. math:: \log(\sigma(a) - \sigma(b)) = \log\sigma(a) + \log\sigma(-b) + \log(1 - e^{-(a-b)})

is an identity in which no digits cancel.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

MIN_LOG_SCALE = -7.0
Mixture = tuple[Tensor, Tensor, Tensor, Tensor]  # logits, means, log-scales, coefficients


def discretized_logistic_log_prob(
    x: Float[Tensor, "*#shape"],
    mean: Float[Tensor, "*#shape"],
    log_scale: Float[Tensor, "*#shape"],
    levels: int = 256,
) -> Float[Tensor, "*shape"]:
    r"""Return the log-probability of a level under a discretized logistic, in nats, in at least float32.

    Salimans et al. (2017), eq. 2: :math:`\sigma((x+\delta-\mu)/s) - \sigma((x-\delta-\mu)/s)` with
    :math:`\delta = 1/(K-1)`, where the first level has :math:`-\infty` for :math:`x-\delta`, and the last one
    :math:`\infty` for :math:`x+\delta`.

    Args:
        x: pixels in [-1, 1], at the levels 2k / (K - 1) - 1.
        mean: the logistic's mean.
        log_scale: logarithm of the logistic's scale s.
        levels: number of levels K.
    """
    dtype = torch.promote_types(mean.dtype, torch.float32)
    x, mean, log_scale = x.to(dtype), mean.to(dtype), log_scale.to(dtype)
    half = 1 / (levels - 1)
    inverse_scale = torch.exp(-log_scale)
    centered = x - mean
    first, last = x < half - 1, x > 1 - half
    below_upper = F.logsigmoid((centered + half) * inverse_scale).masked_fill(last, 0.0)
    above_lower = F.logsigmoid((half - centered) * inverse_scale).masked_fill(first, 0.0)
    width = torch.log(-torch.expm1(-2 * half * inverse_scale))
    return below_upper + above_lower + width.expand_as(below_upper).masked_fill(first | last, 0.0)


def mixture_log_prob(
    x: Float[Tensor, "batch channels *space"],
    logits: Float[Tensor, "batch mixtures *space"],
    means: Float[Tensor, "batch mixtures channels *space"],
    log_scales: Float[Tensor, "batch mixtures channels *space"],
    levels: int = 256,
) -> Float[Tensor, "batch *space"]:
    r"""Return the log-probability of pixels, all channels together, under a mixture, in nats.

    .. math:: \log\sum_m \pi_m \prod_c P(x_c|\mu_{mc}, s_{mc})

    Salimans et al. (2017), eqs. 2 and 3: the channels of a pixel share the mixture's component.

    Args:
        x: pixels in [-1, 1].
        logits: logits of the mixture's weights.
        means: the components' means, as :func:`conditional_means` returns them.
        log_scales: logarithms of the components' scales.
        levels: number of levels K.
    """
    components = discretized_logistic_log_prob(x[:, None], means, log_scales, levels).sum(dim=2)
    weights = logits.to(components.dtype).log_softmax(dim=1)
    return (weights + components).logsumexp(dim=1)


def conditional_means(
    means: Float[Tensor, "batch mixtures channels *space"],
    coefficients: Float[Tensor, "batch mixtures pairs *space"],
    x: Float[Tensor, "batch channels *space"],
) -> Float[Tensor, "batch mixtures channels *space"]:
    r"""Return the means of a pixel's channels, each linear in the channels before it.

    Salimans et al. (2017), eq. 3: :math:`\mu_G + \alpha x_R` and :math:`\mu_B + \beta x_R + \gamma x_G`.

    Args:
        means: the parts of the means that do not depend on the pixel.
        coefficients: :math:`\alpha, \beta, \gamma`; for C channels there are C (C - 1) / 2.
        x: pixels in [-1, 1].
    """
    columns, pair = [], 0
    for channel in range(means.shape[2]):
        mean = means[:, :, channel]
        for earlier in range(channel):
            mean = mean + coefficients[:, :, pair] * x[:, None, earlier]
            pair += 1
        columns.append(mean)
    return torch.stack(columns, dim=2)


def sample_mixture(
    logits: Float[Tensor, "batch mixtures"],
    means: Float[Tensor, "batch mixtures channels"],
    log_scales: Float[Tensor, "batch mixtures channels"],
    coefficients: Float[Tensor, "batch mixtures pairs"],
    uniforms: Float[Tensor, "batch numbers"],
    levels: int = 256,
) -> Float[Tensor, "batch channels"]:
    """Draw one pixel, in [-1, 1], from uniform numbers: one for the component, one for each channel.

    Each channel is rounded to its level before the next one is conditioned on it, which is what the likelihood does.
    """
    dtype = uniforms.dtype
    cumulative = logits.to(dtype).softmax(dim=1).cumsum(dim=1)
    chosen = (cumulative <= uniforms[:, :1]).sum(dim=1).clamp_max(logits.shape[1] - 1)
    rows = torch.arange(len(chosen), device=chosen.device)
    means, scales, coefficients = (
        value[rows, chosen][:, None].to(dtype) for value in (means, log_scales.exp(), coefficients)
    )
    x = torch.zeros_like(means[:, 0])
    for channel in range(x.shape[1]):
        mean = conditional_means(means, coefficients, x)[:, 0, channel]
        value = mean + scales[:, 0, channel] * torch.logit(uniforms[:, channel + 1])
        index = ((value.clamp(-1, 1) + 1) * (levels - 1) / 2).round()
        x[:, channel] = 2 * index / (levels - 1) - 1
    return x


def draw_pixels_in_raster_order(
    mixture_at: Callable[[Tensor, int, int], Sequence[Tensor]],
    uniforms: Float[Tensor, "batch numbers height width"],
    levels: int,
) -> Float[Tensor, "batch channels height width"]:
    """Draw images in [-1, 1] one pixel after the other, row by row.

    Args:
        mixture_at: function of the images so far, zero where nothing is drawn yet, and of row and column, called in the
            order in which the pixels are drawn; returns the pixel's logits, means, log-scales and coefficients.
        uniforms: for each pixel, one number in [0, 1) for the component and one for each channel.
        levels: number of levels K.
    """
    x = torch.zeros_like(uniforms[:, 1:])
    for row, column in itertools.product(range(x.shape[2]), range(x.shape[3])):
        x[..., row, column] = sample_mixture(*mixture_at(x, row, column), uniforms[..., row, column], levels)
    return x


def mixture_size(mixtures: int, channels: int) -> int:
    """Return the number of outputs per pixel: a logit, means, log-scales and coefficients for each component."""
    return mixtures * (1 + 2 * channels + channels * (channels - 1) // 2)


def split_mixture(output: Float[Tensor, "batch numbers *space"], mixtures: int, channels: int) -> Mixture:
    """Return logits, means, log-scales (at least -7) and coefficients (in [-1, 1]) per pixel, in at least float32."""
    output = output.to(torch.promote_types(output.dtype, torch.float32))
    parts = rearrange(output, "b (m k) ... -> b m k ...", m=mixtures)
    sizes = [1, channels, channels, channels * (channels - 1) // 2]
    logits, means, log_scales, coefficients = parts.split(sizes, dim=2)
    return logits[:, :, 0], means, log_scales.clamp_min(MIN_LOG_SCALE), coefficients.tanh()


def pixel_log_prob(
    x: Float[Tensor, "batch channels *space"], mixture: Mixture, levels: int
) -> Float[Tensor, "batch *space"]:
    """Return the log-probability of each pixel of ``x`` in [-1, 1], in nats."""
    logits, means, log_scales, coefficients = mixture
    means = conditional_means(means, coefficients, x.to(means.dtype))
    return mixture_log_prob(x, logits, means, log_scales, levels)
