r"""Total correlation, :math:`\mathrm{TC}(z) = \mathrm{KL}(q(z)\,\|\,\prod_j q(z_j))`, by the density-ratio trick.

H. Kim and A. Mnih, *Disentangling by Factorizing*, ICML 2018 (arXiv 1802.05983), section 3. An optimal classifier D of
samples of q(z) against samples of the product of its marginals has

.. math:: \frac{D(z)}{1-D(z)} = \frac{q(z)}{\prod_j q(z_j)}, \qquad
          \mathrm{TC}(z) \approx E_{q(z)} \log\frac{D(z)}{1-D(z)}

There are two logits per code, the first for q(z), or only one, for q(z). Everything is computed in at least float32.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.runtime import drawing_device


def log_density_ratio(logits: Float[Tensor, "*batch outputs"]) -> Float[Tensor, "*batch"]:
    r"""Return log D/(1-D), in nats: the difference of two logits, or a single logit.

    Raises:
        ValueError: if there are neither one nor two logits per code.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if logits.shape[-1] not in (1, 2):
        raise ValueError(f"logits must have one or two entries per code, got {logits.shape[-1]}")
    return logits[..., 0] if logits.shape[-1] == 1 else logits[..., 0] - logits[..., 1]


def permute_dims(
    z: Float[Tensor, "batch latent"], generator: torch.Generator | None = None
) -> Float[Tensor, "batch latent"]:
    r"""Draw samples of :math:`\prod_j q(z_j)`: permute each dimension separately over the batch. Their algorithm 1.

    The values of each dimension stay exactly the same; the dependence between dimensions is removed.
    """
    device = drawing_device(generator, z.device)
    order = torch.rand(z.shape, generator=generator, device=device).argsort(dim=0).to(z.device)
    return z.gather(0, order)


def total_correlation(logits: Float[Tensor, "batch outputs"]) -> Float[Tensor, ""]:
    """Return the estimate of TC(z), in nats: the mean of log D/(1-D) over samples of q(z). Their eq. 3."""
    return log_density_ratio(logits).mean()


def discriminator_loss(
    joint: Float[Tensor, "batch outputs"], permuted: Float[Tensor, "others outputs"]
) -> Float[Tensor, ""]:
    r"""Return the cross-entropy of D, :math:`-\tfrac12 E_{q(z)}\log D - \tfrac12 E_{\bar q(z)}\log(1-D)`, in nats.

    Its minimum over all D is log 2 less the Jensen-Shannon divergence of the two distributions. Their algorithm 2.

    Args:
        joint: logits of codes z ~ q(z), through which no gradient must reach the encoder.
        permuted: logits of codes whose dimensions were permuted.
    """
    return 0.5 * (
        F.softplus(-log_density_ratio(joint)).mean() + F.softplus(log_density_ratio(permuted)).mean()
    )


def gaussian_total_correlation(covariance: Float[Tensor, "latent latent"]) -> Float[Tensor, ""]:
    r"""Return the TC of a Gaussian, :math:`-\tfrac12\log\det R` with its correlation matrix R, in nats.

    Raises:
        ValueError: if the covariance is not positive definite.
    """
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info.item():
        raise ValueError("covariance must be positive definite")
    return 0.5 * covariance.diagonal().log().sum() - factor.diagonal().log().sum()
