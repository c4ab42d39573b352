"""Inputs and exact values for the checks of lecture 07.

Everything that decides whether a check can find a mistake is chosen; only signs and orders are random.
"""

import torch
from torch import Generator, Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from dgm_helpers import data

NAMES = ("weight", "bias", "log_noise", "encoder_weight", "encoder_bias", "encoder_log_sigma")


def signs(draw: Generator, *shape: int) -> Tensor:
    """Draw +1 or -1 for each entry."""
    return 2 * torch.randint(2, shape, generator=draw).double() - 1


def spaced(draw: Generator, low: float, high: float, *shape: int) -> Tensor:
    """Return equally spaced numbers from ``low`` to ``high`` in random order."""
    count = int(torch.tensor(shape).prod())
    values = torch.linspace(low, high, count, dtype=torch.float64)
    return values[torch.randperm(count, generator=draw)].reshape(shape)


def dependent(draw: Generator, variances: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return a covariance with these variances, and its total correlation in nats.

    Each coordinate is a combination of the earlier ones, plus noise of variance 1, and is rescaled afterwards. By the
    chain rule, coordinate i shares half the logarithm of its variance before rescaling with the earlier ones.
    """
    size = len(variances)
    lower = torch.tril_indices(size, size, -1).unbind()
    coefficients = torch.zeros(size, size, dtype=torch.float64)
    count = len(lower[0])
    coefficients[lower] = torch.linspace(0.35, 0.75, count, dtype=torch.float64) * signs(draw, count)
    mixing = torch.linalg.inv(torch.eye(size, dtype=torch.float64) - coefficients)
    scale = (variances / (mixing**2).sum(dim=1)).sqrt()
    shared = 0.5 * (mixing**2).sum(dim=1).log().sum()
    order = torch.randperm(size, generator=draw)
    covariance = (scale[:, None] * mixing) @ (scale[:, None] * mixing).T
    return covariance[order][:, order], shared


def fit_without_latents(mu: Tensor, covariance: Tensor) -> Tensor:
    """Return the average log-density of independent Gaussians fitted to points with exactly these moments."""
    x = data.gaussian(mu, covariance, 8 * len(mu), torch.Generator().manual_seed(0), exact=True)
    return Normal(x.mean(dim=0), x.std(dim=0, unbiased=False)).log_prob(x).mean(dim=0).sum()


def with_spectrum(draw: Generator, eigenvalues: Tensor) -> tuple[Tensor, Tensor]:
    """Return a covariance with these eigenvalues, and its eigenvectors, in the same order, in the columns."""
    size = len(eigenvalues)
    vectors = torch.linalg.qr(torch.randn(size, size, generator=draw, dtype=torch.float64)).Q
    covariance = (vectors * eigenvalues) @ vectors.T
    return (covariance + covariance.T) / 2, vectors


def linear_vae(draw: Generator, data_dim: int, latent_dim: int) -> list[Tensor]:
    """Return the six parameters of a linear VAE in the order of ``NAMES``; no parameter has two equal entries."""
    weight = spaced(draw, 0.4, 1.3, data_dim, latent_dim) * signs(draw, data_dim, latent_dim)
    bias = spaced(draw, 0.5, 1.5, data_dim) * signs(draw, data_dim)
    log_noise = spaced(draw, -0.9, 0.6, data_dim)
    encoder_weight = spaced(draw, 0.2, 0.6, latent_dim, data_dim) * signs(draw, latent_dim, data_dim)
    encoder_bias = spaced(draw, 0.3, 0.9, latent_dim) * signs(draw, latent_dim)
    return [weight, bias, log_noise, encoder_weight, encoder_bias, spaced(draw, -1.1, 0.4, latent_dim)]


def dense_elbo(x: Tensor, *parameters: Tensor) -> Tensor:
    """Return log p(x) - KL(q(z|x) || p(z|x)) of a linear VAE, by dense Gaussians of ``torch.distributions``."""
    weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma = parameters
    noise = torch.diag(torch.exp(2 * log_noise))
    precision = torch.eye(weight.shape[1], dtype=x.dtype) + weight.T @ torch.linalg.solve(noise, weight)
    gain = torch.linalg.solve(weight @ weight.T + noise, weight).T
    posterior = MultivariateNormal((x - bias) @ gain.T, precision_matrix=precision)
    mean = x @ encoder_weight.T + encoder_bias
    encoder = MultivariateNormal(mean, torch.diag(torch.exp(2 * encoder_log_sigma)))
    return MultivariateNormal(bias, weight @ weight.T + noise).log_prob(x) - kl_divergence(encoder, posterior)


def exact_encoder(weight: Tensor, bias: Tensor, log_noise: Tensor) -> list[Tensor]:
    """Return the encoder that is the exact posterior of a decoder whose posterior is factorized."""
    scaled = weight / torch.exp(2 * log_noise)[:, None]
    precision = 1 + (weight * scaled).sum(dim=0)
    gain = scaled.T / precision[:, None]
    return [gain, -gain @ bias, -0.5 * precision.log()]
