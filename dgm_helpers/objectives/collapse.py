r"""When a VAE uses its latents: the Gaussian toy example, for which every term is known exactly.

The data are :math:`\pi(x) = N(\mu, \Sigma)`, and the decoder :math:`p(x|z)` has a diagonal covariance. Without latents
the best ELBO is that of independent Gaussians; with enough latents it is minus the entropy of the data. The difference
is the data's total correlation. The best linear decoder with d latents and isotropic noise is probabilistic PCA: M. E.
Tipping and C. M. Bishop, *Probabilistic Principal Component Analysis*, JRSS B 61 (1999). J. Lucas et al., *Don't Blame
the ELBO!*, NeurIPS 2019, show that a linear VAE finds it, and which of its units collapse. Everything is in nats.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.objectives.distributions import LOG_TWO_PI, gaussian_log_prob, kl_to_standard_normal


def best_elbo_without_latents(
    mu: Float[Tensor, " data"], Sigma: Float[Tensor, "data data"]
) -> Float[Tensor, ""]:
    r"""Return the largest expected ELBO on N(mu, Sigma) without latents, for a decoder of diagonal covariance.

    The encoder ignores x.

    .. math:: \max_{m, v} E_\pi \log N(x \mid m, \mathrm{diag}(v)) = -\frac12 \sum_i (1 + \log 2\pi\Sigma_{ii})

    It is attained at m = mu and v = diag(Sigma), so its value does not depend on mu.

    Raises:
        ValueError: if Sigma is not square, a variance is not positive, or mu has a different number of dimensions.
    """
    _require_covariance(Sigma)
    if len(mu) != len(Sigma):
        raise ValueError(f"mu must have as many entries as Sigma has rows, {len(Sigma)}, got {len(mu)}")
    return -0.5 * (1 + LOG_TWO_PI + Sigma.diagonal().log()).sum()


def latent_benefit(Sigma: Float[Tensor, "data data"]) -> Float[Tensor, ""]:
    r"""Return the most that latents can add to the ELBO: the total correlation of N(mu, Sigma).

    .. math:: \frac12 \left( \sum_i \log \Sigma_{ii} - \log\det\Sigma \right) \ge 0

    It is zero if and only if Sigma is diagonal (Hadamard's inequality).

    Raises:
        ValueError: if Sigma is not positive definite.
    """
    _require_covariance(Sigma)
    factor, info = torch.linalg.cholesky_ex(Sigma)
    if info.item():
        raise ValueError("Sigma must be positive definite")
    return 0.5 * Sigma.diagonal().log().sum() - factor.diagonal().log().sum()


def ppca_solution(
    Sigma: Float[Tensor, "data data"], d: int
) -> tuple[Float[Tensor, "data {d}"], Float[Tensor, ""]]:
    r"""Return weight and noise variance of probabilistic PCA: the best linear decoder of d latents, noise :math:`s^2I`.

    .. math:: W = U_d (\Lambda_d - s^2 I)^{1/2}, \qquad s^2 = \frac{1}{D - d} \sum_{j > d} \lambda_j

    with the eigenvalues of Sigma in descending order. The columns of W are orthogonal, the longest first; their
    signs are arbitrary. Tipping and Bishop (1999), section 3.2.

    Raises:
        ValueError: if d is not between 1 and D - 1, which leaves at least one eigenvalue for the noise.
    """
    if not 1 <= d < len(Sigma):
        raise ValueError(
            f"d must be from 1 to {len(Sigma) - 1} (one fewer than the data dimensions), got {d}"
        )
    eigenvalues, eigenvectors = torch.linalg.eigh(Sigma)  # ascending
    noise = eigenvalues[:-d].mean()
    scale = (eigenvalues[-d:] - noise).clamp_min(0).sqrt()
    return (eigenvectors[:, -d:] * scale).flip(-1), noise


def linear_vae_elbo(
    x: Float[Tensor, "batch data"],
    weight: Float[Tensor, "data latent"],
    bias: Float[Tensor, " data"],
    log_noise: Float[Tensor, " data"],
    encoder_weight: Float[Tensor, "latent data"],
    encoder_bias: Float[Tensor, " latent"],
    encoder_log_sigma: Float[Tensor, " latent"],
) -> Float[Tensor, " batch"]:
    r"""Return the exact, differentiable ELBO of each data point under a linear VAE with diagonal noise.

    .. math:: \log N(x \mid W\mu(x) + b, \Psi) - \frac12 \sum_j \sigma_j^2 \sum_i W_{ij}^2 / s_i^2
              - \mathrm{KL}(N(\mu(x), \mathrm{diag}(\sigma^2)) \,\|\, N(0, I)), \qquad \mu(x) = Ax + a
    """
    mu = x @ encoder_weight.T + encoder_bias
    log_sigma = encoder_log_sigma.expand_as(mu)
    spread = (weight * torch.exp(encoder_log_sigma - log_noise[:, None])) ** 2
    reconstruction = gaussian_log_prob(x, mu @ weight.T + bias, log_noise) - 0.5 * spread.sum()
    return reconstruction - kl_to_standard_normal(mu, log_sigma)


def is_collapsed(kl_per_unit: Float[Tensor, "n latent"], threshold: float) -> Float[Tensor, " latent"]:
    """Return 1 for each latent unit whose KL to the prior, averaged over the data, is at most ``threshold``, else 0."""
    return (kl_per_unit.mean(dim=0) <= threshold).to(kl_per_unit.dtype)


def _require_covariance(Sigma: Tensor) -> None:
    if Sigma.ndim != 2 or Sigma.shape[0] != Sigma.shape[1] or not bool((Sigma.diagonal() > 0).all()):
        raise ValueError(
            f"Sigma must be a square matrix with a positive diagonal, got shape {tuple(Sigma.shape)}"
        )
