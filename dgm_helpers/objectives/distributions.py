r"""Log-densities, entropies and Kullback-Leibler divergences of the distributions that VAEs are built from.

A diagonal Gaussian is given by its mean ``mu`` and by ``log_sigma``, the logarithm of its
standard deviation. The last axis holds the coordinates and is summed over; every other axis is kept.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.kernels.bernoulli import bernoulli_sum

LOG_TWO_PI = math.log(2 * math.pi)


def gaussian_log_prob(
    z: Float[Tensor, "*#batch latent"],
    mu: Float[Tensor, "*#batch latent"],
    log_sigma: Float[Tensor, "*#batch latent"],
) -> Float[Tensor, "*batch"]:
    r"""Return the log-density of a diagonal Gaussian, in nats.

    .. math:: \log N(z \mid \mu, \sigma^2)
              = -\tfrac12 \sum_j \left[ \log 2\pi + 2\log\sigma_j + (z_j-\mu_j)^2/\sigma_j^2 \right]
    """
    standardized = (z - mu) * torch.exp(-log_sigma)
    return -0.5 * (LOG_TWO_PI + 2 * log_sigma + standardized**2).sum(dim=-1)


def gaussian_entropy(log_sigma: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
    r"""Return the entropy of a diagonal Gaussian, :math:`\sum_j \tfrac12(1+\log 2\pi)+\log\sigma_j`, in nats."""
    return (0.5 * (1 + LOG_TWO_PI) + log_sigma).sum(dim=-1)


def gaussian_sample(
    mu: Float[Tensor, "*#batch latent"],
    log_sigma: Float[Tensor, "*#batch latent"],
    generator: torch.Generator | None = None,
) -> Float[Tensor, "*batch latent"]:
    r"""Draw a reparametrized :math:`z = \mu + \sigma\varepsilon`: gradients flow to ``mu`` and ``log_sigma``.

    Kingma and Welling (2014), section 2.4. The noise is drawn on the generator's device.
    """
    # Every row gets its own noise, even if only one of the two has rows.
    noise = _noise(mu, _common_shape(mu, log_sigma), generator)
    return mu + torch.exp(log_sigma) * noise


def gaussian_sample_and_log_prob(
    mu: Float[Tensor, "*#batch latent"],
    log_sigma: Float[Tensor, "*#batch latent"],
    generator: torch.Generator | None = None,
    *,
    samples: int | None = None,
) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch"]]:
    r"""Draw a sample z as in :func:`gaussian_sample`; return it and log N(z | mu, sigma^2), in nats.

    At :math:`z = \mu + \sigma\varepsilon` the log-density is
    :math:`-\sum_j [\tfrac12\log 2\pi + \log\sigma_j + \tfrac12\varepsilon_j^2]`. Its gradient is the total derivative,
    in which z moves with the parameters: it is zero with respect to ``mu``. It costs less than
    :func:`gaussian_log_prob`.

    Args:
        mu: means.
        log_sigma: logarithms of the standard deviations.
        generator: generator that draws the noise.
        samples: number of samples per Gaussian, a new first axis of both results; None for one without that axis.
    """
    shape = _common_shape(mu, log_sigma)
    noise = _noise(mu, shape if samples is None else (samples, *shape), generator)
    log_prob = -(log_sigma.sum(dim=-1) + 0.5 * noise.square().sum(dim=-1) + 0.5 * LOG_TWO_PI * shape[-1])
    return mu + torch.exp(log_sigma) * noise, log_prob


def _common_shape(first: Tensor, second: Tensor) -> torch.Size:
    """Return the shape to which two tensors broadcast; `torch.broadcast_shapes` imports sympy, which takes 0.5 s."""
    return torch.broadcast_tensors(first, second)[0].shape


def _noise(like: Tensor, shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    """Draw standard normal noise on the generator's device; return it with the dtype and the device of ``like``."""
    if (
        generator is None
    ):  # omitted below, because torch.compile with varying sizes does not accept generator=None
        return torch.randn(shape, dtype=like.dtype, device=like.device)
    return torch.randn(shape, generator=generator, dtype=like.dtype, device=generator.device).to(like.device)


def kl_diagonal_gaussians(
    mu_q: Float[Tensor, "*#batch latent"],
    log_sigma_q: Float[Tensor, "*#batch latent"],
    mu_p: Float[Tensor, "*#batch latent"],
    log_sigma_p: Float[Tensor, "*#batch latent"],
) -> Float[Tensor, "*batch"]:
    r"""Return KL(q || p) of two diagonal Gaussians, in nats.

    .. math:: \sum_j \left[ \log\frac{\sigma_{p,j}}{\sigma_{q,j}}
              + \frac{\sigma_{q,j}^2 + (\mu_{q,j}-\mu_{p,j})^2}{2\sigma_{p,j}^2} - \frac12 \right]
    """
    log_ratio = log_sigma_q - log_sigma_p
    mahalanobis = ((mu_q - mu_p) * torch.exp(-log_sigma_p)) ** 2
    # If q and p are nearly equal, exp(2r) - 1 loses all digits; expm1 keeps them.
    return 0.5 * (torch.expm1(2 * log_ratio) - 2 * log_ratio + mahalanobis).sum(dim=-1)


def kl_to_correlated_gaussian(
    mu: Float[Tensor, "batch latent"],
    log_sigma: Float[Tensor, "batch latent"],
    mean: Float[Tensor, "batch latent"],
    precision: Float[Tensor, "latent latent"],
) -> Float[Tensor, " batch"]:
    r"""Return KL(q || p) of a diagonal Gaussian q to a Gaussian p with a full precision matrix P, in nats.

    .. math:: \tfrac12 \left[ \sum_j P_{jj} \sigma_j^2 + (\mu-m)^\top P (\mu-m) - d
              - \log\det P - \sum_j 2\log\sigma_j \right]

    P is the inverse covariance. The minimum over q is at :math:`\mu = m`, :math:`\sigma_j^2 = 1/P_{jj}`, and is zero
    only if P is diagonal.
    """
    trace = (precision.diagonal() * torch.exp(2 * log_sigma)).sum(dim=-1)
    mahalanobis = torch.einsum("bi,ij,bj->b", mu - mean, precision, mu - mean)
    log_dets = torch.logdet(precision) + 2 * log_sigma.sum(dim=-1)
    return 0.5 * (trace + mahalanobis - mu.shape[-1] - log_dets)


def kl_to_standard_normal(
    mu: Float[Tensor, "*batch latent"], log_sigma: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch"]:
    r"""Return KL(N(mu, sigma^2) || N(0, I)), in nats. Kingma and Welling (2014), appendix B."""
    return kl_per_unit(mu, log_sigma).sum(dim=-1)


def kl_per_unit(
    mu: Float[Tensor, "*batch latent"], log_sigma: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch latent"]:
    """Return KL(N(mu, sigma^2) || N(0, 1)) of each coordinate separately, in nats."""
    return 0.5 * (mu**2 + torch.expm1(2 * log_sigma) - 2 * log_sigma)


def bernoulli_log_prob(
    x: Float[Tensor, "*#batch pixels"], logits: Float[Tensor, "*#batch pixels"]
) -> Float[Tensor, "*batch"]:
    r"""Return the log-probability of independent Bernoulli pixels, :math:`\sum_i x_i l_i - \log(1+e^{l_i})`, in nats.

    It is computed from the logits, so that it stays finite where a sigmoid would round to 0 or 1, and in at least
    float32: in bfloat16 a sum over hundreds of pixels has no digits after the decimal point.
    """
    dtype = torch.promote_types(torch.promote_types(x.dtype, logits.dtype), torch.float32)
    return bernoulli_sum(x.to(dtype), logits.to(dtype))
