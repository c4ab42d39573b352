r"""ELBO surgery: the KL term of a VAE, taken apart into marginal KL and mutual information.

M. D. Hoffman and M. J. Johnson, *ELBO surgery: yet another way to carve up the variational evidence lower
bound*, NIPS 2016 workshop on Advances in Approximate Bayesian Inference. For n data points, with the index i
drawn uniformly and :math:`q(z|i) = q(z|x_i)`,

.. math:: \frac1n \sum_i \mathrm{KL}(q(z|x_i)\,\|\,p(z)) = \mathrm{KL}(q(z)\,\|\,p(z)) + I_q[i, z],
          \qquad q(z) = \frac1n \sum_i q(z|x_i).

The encoders of n data points are given by ``mu`` and ``log_sigma`` of shape ``[n, latent]``. Samples ``z`` of
shape ``[samples, n, latent]`` have in ``z[k, i]`` a draw from :math:`q(z|x_i)`: a *sweep* k visits each encoder
once, so that all draws together are stratified draws from q(z). Everything is in nats.
"""

import math
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.objectives.distributions import (
    LOG_TWO_PI,
    gaussian_entropy,
    gaussian_log_prob,
    gaussian_sample,
    kl_to_standard_normal,
)

LARGEST_BLOCK = 2**22  # numbers in memory at once in a pairwise computation: 32 MiB in float64
GRID_SPACING = 0.25  # standard deviations of the narrowest encoder: the sum is then exact to about 1e-11 nats
GRID_REACH = 8.0  # standard deviations beyond the outermost encoder: the mass left out is below 1e-13


@runtime_checkable
class TractableVAE(Protocol):
    """A VAE with a Gaussian encoder and prior N(0, I) whose log p(x) is known, such as the linear VAE; all in nats."""

    def encode(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Return mean and log standard deviation of q(z|x)."""

    def expected_log_likelihood(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the expectation of log p(x|z) over q(z|x)."""

    def log_prob(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return log p(x)."""

    def gap(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return KL(q(z|x) || p(z|x))."""


def elbo_three_ways(model: TractableVAE, x: Float[Tensor, "batch data"]) -> Float[Tensor, "3 2 batch"]:
    r"""Return the two terms of each of three forms of the ELBO, exact; each pair adds up to the same number.

    For one data point at a time (Hoffman and Johnson 2016 list them for the whole data set):

    .. math:: \log p(x) - \mathrm{KL}(q(z|x)\,\|\,p(z|x)), \qquad E_q \log p(x, z) + H[q(z|x)], \qquad
              E_q \log p(x|z) - \mathrm{KL}(q(z|x)\,\|\,p(z))

    Returns:
        Entry ``[form, term, b]``, signs included: the sum over ``term`` is the ELBO of data point b.
    """
    mu, log_sigma = model.encode(x)
    variance = torch.exp(2 * log_sigma)
    reconstruction = model.expected_log_likelihood(x)
    # The expectation of a quadratic is its value at the mean and a trace, here that of diag(sigma^2).
    log_prior = -0.5 * (LOG_TWO_PI + mu**2 + variance).sum(dim=-1)
    return torch.stack([
        torch.stack([model.log_prob(x), -model.gap(x)]),
        torch.stack([reconstruction + log_prior, gaussian_entropy(log_sigma)]),
        torch.stack([reconstruction, -kl_to_standard_normal(mu, log_sigma)]),
    ])  # fmt: skip


def sample_encoders(
    mu: Float[Tensor, "n latent"],
    log_sigma: Float[Tensor, "n latent"],
    samples: int,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "samples n latent"]:
    """Draw ``samples`` sweeps: entry ``[k, i]`` is a draw from the encoder of data point i."""
    _require_encoders(mu, log_sigma)
    return gaussian_sample(mu.expand(samples, *mu.shape), log_sigma.expand(samples, *mu.shape), generator)


def encoder_log_probs(
    z: Float[Tensor, "*batch coordinates"],
    mu: Float[Tensor, "n latent"],
    log_sigma: Float[Tensor, "n latent"],
) -> Float[Tensor, "*batch n"]:
    """Return the log-density of every ``z`` under every encoder, :math:`\\log q(z|x_i)`, in blocks of bounded memory.

    Raises:
        ValueError: if there is no encoder, or the shapes do not match.
    """
    _require_encoders(mu, log_sigma)
    if z.shape[-1] != mu.shape[-1]:
        raise ValueError(
            f"z must have {mu.shape[-1]} latent dimensions, as the encoders have, got {z.shape[-1]}"
        )
    rows = max(1, LARGEST_BLOCK // mu.numel())
    blocks = z.flatten(end_dim=-2).split(rows) if z.ndim > 1 else (z[None],)
    log_probs = torch.cat([gaussian_log_prob(block[:, None], mu, log_sigma) for block in blocks])
    return log_probs.view(*z.shape[:-1], len(mu))


def aggregated_posterior_log_prob(
    z: Float[Tensor, "*batch latent"], mu: Float[Tensor, "n latent"], log_sigma: Float[Tensor, "n latent"]
) -> Float[Tensor, "*batch"]:
    r"""Return the log-density of the aggregated posterior, :math:`\log q(z) = \log \frac1n \sum_i q(z|x_i)`, in nats.

    The sum is a log-sum-exp, so that it stays finite where every :math:`q(z|x_i)` underflows.

    Raises:
        ValueError: if there is no encoder, or the shapes do not match.
    """
    return encoder_log_probs(z, mu, log_sigma).logsumexp(dim=-1) - math.log(len(mu))


def index_mutual_information(
    z: Float[Tensor, "samples n latent"], mu: Float[Tensor, "n latent"], log_sigma: Float[Tensor, "n latent"]
) -> Float[Tensor, ""]:
    r"""Estimate the mutual information of index and latent, :math:`\log n - E_{q(z)} H[q(i|z)]`, in nats.

    The entropy of the index is summed exactly for every sample, so the
    estimate respects the bounds :math:`0 \le I \le \log n` for any samples. It is unbiased.

    Raises:
        ValueError: if there is no encoder, or the shapes do not match.
    """
    return _index_informations(z, mu, log_sigma).mean()


def marginal_kl(
    z: Float[Tensor, "samples n latent"],
    mu: Float[Tensor, "n latent"],
    log_sigma: Float[Tensor, "n latent"],
    prior: nn.Module,
) -> Float[Tensor, ""]:
    r"""Estimate :math:`\mathrm{KL}(q(z)\,\|\,p(z)) = E_{q(z)}[\log q(z) - \log p(z)]`, in nats, without bias.

    Raises:
        ValueError: if there is no encoder, or the shapes do not match.
    """
    return _log_ratios(z, mu, log_sigma, prior.log_prob).mean()


def verify_surgery(
    z: Float[Tensor, "samples n latent"], mu: Float[Tensor, "n latent"], log_sigma: Float[Tensor, "n latent"]
) -> tuple[float, float, float, float]:
    r"""Test the theorem for the prior N(0, I): return its two sides, and their difference in standard errors.

    The left side is in closed form. Each sweep k gives one independent estimate :math:`t_k` of the right side,
    so the standard error of their mean is :math:`s_t / \sqrt K`. It is smaller than the error for indices drawn
    at random: a sweep visits every encoder, so differences between encoders do not contribute to it.

    Returns:
        The average KL (closed form), the marginal KL and the mutual information (estimates), in nats, and the
        z-score of the two estimates' sum, close to standard normal for 50 sweeps or more.

    Raises:
        ValueError: if there are fewer than two sweeps, no encoder, or the shapes do not match.
    """
    if len(z) < 2:
        raise ValueError(f"z must have at least 2 samples of each encoder for a standard error, got {len(z)}")
    zeros = z.new_zeros(z.shape[-1])

    def standard_normal(block: Tensor) -> Tensor:
        return gaussian_log_prob(block, zeros, zeros)

    # As many sweeps at a time as memory allows: each has n x n numbers.
    blocks = z.split(max(1, LARGEST_BLOCK // len(mu) ** 2)) if len(mu) else (z,)
    divergence = torch.cat(
        [_log_ratios(block, mu, log_sigma, standard_normal).mean(dim=1) for block in blocks]
    )
    information = torch.cat([_index_informations(block, mu, log_sigma).mean(dim=1) for block in blocks])
    sweeps = divergence + information
    average_kl = kl_to_standard_normal(mu, log_sigma).mean()
    z_score = (sweeps.mean() - average_kl) / (sweeps.std() / len(z) ** 0.5)
    return average_kl.item(), divergence.mean().item(), information.mean().item(), z_score.item()


def _log_ratios(
    z: Tensor, mu: Tensor, log_sigma: Tensor, prior_log_prob: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the marginal KL's term of each sample, log q(z) - log p(z)."""
    return aggregated_posterior_log_prob(z, mu, log_sigma) - prior_log_prob(z)


def _index_informations(z: Tensor, mu: Tensor, log_sigma: Tensor) -> Tensor:
    """Return the mutual information's term of each sample, log n - H[q(i|z)]."""
    index_posterior = encoder_log_probs(z, mu, log_sigma).softmax(dim=-1)
    return math.log(len(mu)) - torch.special.entr(index_posterior).sum(dim=-1)


def exact_surgery(
    mu: Float[Tensor, "n latent"], log_sigma: Float[Tensor, "n latent"], prior: nn.Module
) -> dict[str, float]:
    r"""Return the three terms by numerical integration, in one or two latent dimensions: the oracle of the estimates.

    :math:`E \log q(z|i)` is minus the mean entropy of the encoders, in closed form; :math:`E \log q(z)` and
    :math:`E \log p(z)` are integrated on a grid finer than the narrowest encoder, exact to about 1e-11 nats.

    Returns:
        ``average_kl``, ``marginal_kl`` and ``mutual_information``, in nats.

    Raises:
        ValueError: if there are more than two latent dimensions or no encoder.
    """
    _require_encoders(mu, log_sigma)
    latent_dim = mu.shape[-1]
    if latent_dim > 2:
        raise ValueError(f"a grid needs one or two latent dimensions, got {latent_dim}: estimate by sampling")
    coordinates = [(mu[:, j].double(), log_sigma[:, j].double()) for j in range(latent_dim)]
    axes = [_axis(m, s) for m, s in coordinates]
    # A diagonal Gaussian is a product, so on a grid the sum over the encoders is a product of matrices.
    factors = [
        gaussian_log_prob(axis[:, None, None], m[:, None], s[:, None]).exp()
        for axis, (m, s) in zip(axes, coordinates, strict=True)
    ]
    density = factors[0].mean(dim=1) if latent_dim == 1 else factors[0] @ factors[1].T / len(mu)
    points = torch.cartesian_prod(*axes).view(-1, latent_dim).to(mu)
    log_p = torch.cat([prior.log_prob(block) for block in points.split(LARGEST_BLOCK // 64)]).double()
    cell = math.prod(float(axis[1] - axis[0]) for axis in axes)
    conditional = -float(gaussian_entropy(log_sigma.double()).mean())
    marginal = float(torch.special.xlogy(density, density).sum()) * cell
    expected_log_p = float(density.flatten() @ log_p) * cell
    return {
        "average_kl": conditional - expected_log_p,
        "marginal_kl": marginal - expected_log_p,
        "mutual_information": conditional - marginal,
    }


def _axis(mu: Float[Tensor, " n"], log_sigma: Float[Tensor, " n"]) -> Float[Tensor, " points"]:
    """Return equidistant points that cover every encoder in one coordinate."""
    sigma = torch.exp(log_sigma)
    low, high = float((mu - GRID_REACH * sigma).min()), float((mu + GRID_REACH * sigma).max())
    step = GRID_SPACING * float(sigma.min())
    return torch.arange(low, high + step, step, dtype=torch.float64)


def _require_encoders(mu: Tensor, log_sigma: Tensor) -> None:
    if mu.ndim != 2 or mu.shape != log_sigma.shape or len(mu) == 0:
        raise ValueError(
            "mu and log_sigma must both have the shape [n, latent] with n at least 1, "
            f"got {tuple(mu.shape)} and {tuple(log_sigma.shape)}"
        )
