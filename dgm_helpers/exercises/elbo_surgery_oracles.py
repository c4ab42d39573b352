"""Oracles of lecture 08 and values of its typical mistakes, for its visible and hidden checks.

Everything is exact and in float64: `torch.distributions` for densities, entropies and KLs, the corners of
:func:`corner_average` for expectations of quadratics, `scipy.stats.ttest_1samp` for the z-score.
"""

import copy
import math
from collections.abc import Callable

import torch
from scipy import stats
from torch import Tensor
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    kl_divergence,
)

from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.priors import MixturePrior
from dgm_helpers.objectives import surgery

CANDIDATES = 30  # sweeps from which the sweeps of a z-score are chosen


def linear_vae(draw: torch.Generator, data: int, latent: int, *, log_noise: float = -0.4) -> LinearVAE:
    """Return a model with random weights, and an encoder with standard deviations from 0.2 to 1.8."""
    model = LinearVAE(data_dim=data, latent_dim=latent).double().reset(draw)
    with torch.no_grad():
        model.log_noise.fill_(log_noise)
        model.encoder_log_sigma.copy_(torch.linspace(-1.6, 0.6, latent))
    return model


def corner_average(function: Callable[[Tensor], Tensor], mu: Tensor, log_sigma: Tensor) -> Tensor:
    """Return the exact expectation of a quadratic under a Gaussian: its average over the corners mu ± sigma."""
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * mu.shape[-1]).view(-1, 1, mu.shape[-1])
    return function(mu + signs * log_sigma.exp()).mean(dim=0)


@torch.no_grad()
def three_forms(model: LinearVAE, x: Tensor) -> Tensor:
    """Return the six terms of (8.3), (8.4) and (8.5), shape ``[3, 2, B]``, in float64."""
    model, x = copy.deepcopy(model).double(), x.double()
    mu, log_sigma = model.encode(x)
    standard = Normal(torch.zeros_like(mu), 1.0)
    noise = torch.exp(2 * model.log_noise) * torch.eye(x.shape[-1])
    evidence = MultivariateNormal(model.bias, model.weight @ model.weight.T + noise).log_prob(x)
    q = MultivariateNormal(mu, scale_tril=torch.diag_embed(log_sigma.exp()))
    decoder = corner_average(lambda z: model.log_likelihood(x, z), mu, log_sigma)
    prior = corner_average(lambda z: standard.log_prob(z).sum(dim=-1), mu, log_sigma)
    gap = kl_divergence(q, MultivariateNormal(*model.posterior(x)))
    to_prior = kl_divergence(Normal(mu, log_sigma.exp()), standard).sum(dim=-1)
    return torch.stack([evidence, -gap, decoder + prior, q.entropy(), decoder, -to_prior]).view(3, 2, -1)


@torch.no_grad()
def reconstruction_mistakes(model: LinearVAE, x: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in the reconstruction term give, by their hint."""
    mu, log_sigma = model.encode(x)
    at_mean, s = model.log_likelihood(x, mu), model.log_noise.exp()

    def decoder(width: Tensor) -> Tensor:
        return corner_average(lambda z: model.log_likelihood(x, z), mu, width)

    trace = at_mean - decoder(log_sigma)
    return {
        "the decoder at the mean of q: the trace of (8.6) is missing": at_mean,
        "the trace added: a spread-out code reconstructs worse": at_mean + trace,
        "the trace divided by s: (8.6) divides it by s²": at_mean - trace * s,
        "a trace without the noise: (8.6) divides it by 2s²": at_mean - trace * s**2,
        "a trace without its half: (8.6) divides it by 2s²": at_mean - 2 * trace,
        "exp(log_sigma) used as the variance: it is σ, whose square is the variance": decoder(log_sigma / 2),
        "log_sigma used as σ: the encoder returns the logarithm": decoder(log_sigma.abs().log()),
    }


def encoders(
    draw: torch.Generator,
    n: int,
    latent: int,
    *,
    spread: float = 1.5,
    narrow: float = -1.2,
    wide: float = 0.5,
) -> tuple[Tensor, Tensor]:
    """Return random means around 0.5, and log standard deviations evenly spaced between two bounds, shuffled."""
    mu = 0.5 + spread * torch.randn(n, latent, generator=draw, dtype=torch.float64)
    widths = torch.linspace(narrow, wide, n * latent, dtype=torch.float64)
    return mu, widths[torch.randperm(n * latent, generator=draw)].view(n, latent)


def log_densities(z: Tensor, mu: Tensor, log_sigma: Tensor) -> Tensor:
    """Return log q(z|x_j) of every point and every encoder, shape ``[..., n]``, in float64."""
    encoder = Independent(Normal(mu.double(), log_sigma.double().exp()), 1)
    return encoder.log_prob(z.double().unsqueeze(-2))


def log_mixture(z: Tensor, mu: Tensor, log_sigma: Tensor) -> Tensor:
    """Return log q(z) of every point, in float64."""
    encoder = Independent(Normal(mu.double(), log_sigma.double().exp()), 1)
    equal_weights = Categorical(logits=torch.zeros(len(mu), dtype=torch.float64))
    return MixtureSameFamily(equal_weights, encoder).log_prob(z.double())


def index_entropy(log_q: Tensor) -> Tensor:
    """Return the entropy of q(i|z) for log-densities ``[..., n]``."""
    return Categorical(logits=log_q).entropy()


def without_own(log_q: Tensor) -> Tensor:
    """Return the log-densities of samples ``[K, n, n]`` without each sample's own encoder; a single one stays."""
    if log_q.shape[-1] == 1:
        return log_q
    return log_q.masked_fill(torch.eye(log_q.shape[-1], dtype=torch.bool), -torch.inf)


def mixture_mistakes(z: Tensor, mu: Tensor, log_sigma: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (8.10) give for points ``[S, d]``, by their hint."""
    exact, log_q = log_mixture(z, mu, log_sigma), log_densities(z, mu, log_sigma)
    log_n, log_points = math.log(len(mu)), math.log(len(z))
    average = Independent(Normal(mu.mean(dim=0), log_sigma.mean(dim=0).exp()), 1)
    return {
        "the sum of the densities: (8.9) is their mean, so log n is missing": exact + log_n,
        "log n added: dividing by n subtracts it": exact + 2 * log_n,
        "the mean of the logs: the log belongs outside the mean": log_q.mean(dim=-1),
        "a mean over the points: return one number for each z": exact.mean(),
        "a sum over the points: (8.10) sums over the encoders": log_q.logsumexp(dim=0) - log_points,
        "the density: return its logarithm": exact.exp(),
        "the largest term only: the other encoders count as well": log_q.amax(dim=-1) - log_n,
        "log q(z|x_i) of every encoder: the sum over i is missing": log_q,
        "one Gaussian with averaged parameters: the aggregated posterior is a mixture": average.log_prob(z),
        "σ passed as log_sigma: the standard deviation is exp(log_sigma)": log_mixture(z, mu, log_sigma.exp()),
        "exp(log_sigma) used as the variance: it is σ, whose square is the variance":
            log_mixture(z, mu, log_sigma / 2),
    }  # fmt: skip


def information_mistakes(log_q: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (8.19) give for log-densities ``[K, n, n]``, by their hint."""
    n = log_q.shape[-1]
    log_n, entropy = math.log(n), index_entropy(log_q)
    others, ratio = without_own(log_q), log_q.diagonal(dim1=-2, dim2=-1) - log_q.logsumexp(dim=-1)
    return {
        "minus the mean entropy: (8.19) adds log n, and is not negative": -entropy.mean(),
        "only the mean entropy: I is log n minus it": entropy.mean(),
        "log n plus the mean entropy: the entropy is subtracted": log_n + entropy.mean(),
        "a sum over the samples: (8.19) is their mean": log_n - entropy.sum(),
        "a sum over the encoders: (8.19) is a mean over i": log_n - entropy.sum(dim=-1).mean(),
        "a mean over j: an entropy is a sum": log_n - entropy.mean() / n,
        "one number for each sample: return their mean": log_n - entropy,
        "the sample's own encoder left out: the sum over j includes j = i": log_n - index_entropy(others).mean(),
        "the average of log q(z|x_i)/q(z): its mean is right, but it can be negative":
            ratio.mean() + log_n,
        "the average of log q(i|z): log n is missing, and the sum over j": ratio.mean(),
        "bits: return nats": (log_n - entropy.mean()) / math.log(2),
        "a softmax over the samples: normalize over the encoders, the last axis":
            log_n - index_entropy(log_q.transpose(1, 2)).mean(),
        "the entropy of the average of q(i|z): (8.19) averages the entropies":
            log_n - Categorical(probs=log_q.softmax(dim=-1).mean(dim=(0, 1))).entropy(),
    }  # fmt: skip


def mixture_prior(draw: torch.Generator, latent: int) -> MixturePrior:
    """Return a prior of three Gaussians of different weights, means and widths."""
    prior = MixturePrior(latent_dim=latent, components=3).double()
    with torch.no_grad():
        prior.logits.copy_(torch.tensor([0.0, 0.7, -0.5]))
        prior.means.copy_(1.5 * torch.randn(3, latent, generator=draw))
        prior.log_sigmas.copy_(torch.linspace(-0.8, 0.9, 3 * latent).view(3, latent))
    return prior


def marginal_mistakes(log_q: Tensor, log_p: Tensor) -> dict[str, Tensor]:
    """Return the values of typical mistakes in (8.20) for log-densities ``[K, n, n]`` and ``[K, n]``, by their hint."""
    n = log_q.shape[-1]
    ratio = log_q.logsumexp(dim=-1) - math.log(n) - log_p
    others = without_own(log_q).logsumexp(dim=-1) - log_p
    return {
        "the KL the other way: KL(q || p) averages log q - log p over samples of q": -ratio.mean(),
        "a mixture without its log n: q(z) is the mean of the densities": ratio.mean() + math.log(n),
        "a sum over the samples: (8.20) is their mean": ratio.sum(),
        "a sum over the encoders: (8.20) is a mean over i": ratio.sum(dim=-1).mean(),
        "the sample's own encoder left out: q(z) contains all n encoders": others.mean() - math.log(n),
        "the sample's own encoder left out (and n - 1 for n)": others.mean() - math.log(max(n - 1, 1)),
        "log q(z|x_i) instead of log q(z): that estimates the average KL":
            (log_q.diagonal(dim1=-2, dim2=-1) - log_p).mean(),
        "the mean of log q(z|x_j): the log belongs outside the mean over j": (log_q.mean(dim=-1) - log_p).mean(),
        "only the mean of log q(z): subtract log p(z)": (ratio + log_p).mean(),
        "one number for each sample: return their mean": ratio,
    }  # fmt: skip


def average_kl(mu: Tensor, log_sigma: Tensor) -> Tensor:
    """Return the mean KL of the encoders to N(0, I), in float64."""
    q = Normal(mu.double(), log_sigma.double().exp())
    return kl_divergence(q, Normal(torch.zeros_like(q.loc), 1.0)).sum(dim=-1).mean()


def sample_terms(z: Tensor, mu: Tensor, log_sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Return each sample's term of (8.20) for the prior N(0, I), and of (8.19), both ``[K, n]``."""
    log_p = Normal(0.0, 1.0).log_prob(z.double()).sum(dim=-1)
    information = math.log(len(mu)) - index_entropy(log_densities(z, mu, log_sigma))
    return log_mixture(z, mu, log_sigma) - log_p, information


def z_score(z: Tensor, mu: Tensor, log_sigma: Tensor) -> float:
    """Return (8.23): Student's t of one number per sweep against the average KL."""
    marginal, information = sample_terms(z, mu, log_sigma)
    sweeps = (marginal + information).mean(dim=1)
    return float(stats.ttest_1samp(sweeps.numpy(), float(average_kl(mu, log_sigma))).statistic)


def chosen_sweeps(draw: torch.Generator, mu: Tensor, log_sigma: Tensor, count: int, *, high: bool) -> Tensor:
    """Return ``count`` of thirty sweeps, so that no wrong factor can hide in a z-score near zero.

    They are spaced evenly over the two fifths with the highest estimates, or with the lowest, so that they differ.
    """
    z = surgery.sample_encoders(mu, log_sigma, CANDIDATES, draw)
    order = sum(sample_terms(z, mu, log_sigma)).mean(dim=1).argsort(descending=high)
    return z[order[torch.linspace(0, 0.4 * CANDIDATES, count).long()]]


def z_score_mistakes(z: Tensor, mu: Tensor, log_sigma: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (8.23) give, by their hint."""
    marginal, information = sample_terms(z, mu, log_sigma)
    sum_of_both, count = marginal + information, len(z)
    sweeps, pooled = sum_of_both.mean(dim=1), sum_of_both.std()
    difference = sweeps.mean() - average_kl(mu, log_sigma)
    variances = marginal.mean(dim=1).var() + information.mean(dim=1).var()
    right = difference / (sweeps.std() / count**0.5)
    return {
        "all K·n samples pooled: a sweep visits every encoder, so the encoders' means add no noise":
            difference / (pooled / sum_of_both.numel() ** 0.5),
        "the standard deviation of t_k: divide it by √K": difference / sweeps.std(),
        "the standard deviation of t_k over √(K·n): only K numbers are averaged":
            difference / (sweeps.std() / sum_of_both.numel() ** 0.5),
        "the standard deviation of all samples over √K": difference / (pooled / count**0.5),
        "the variance: a standard error is its root": difference / (sweeps.var() / count),
        "1/K under the root: (8.23) divides by K - 1": difference / (sweeps.std(correction=0) / count**0.5),
        "two variances added: the two estimates of a sweep are correlated": difference / (variances / count).sqrt(),
        "the noise of the marginal KL only: t_k contains the information":
            difference / (marginal.mean(dim=1).std() / count**0.5),
        "the variance within each encoder, also a valid estimate: (8.23) uses that of the sweeps":
            difference / ((sum_of_both.var(dim=0).sum() / count).sqrt() / sum_of_both.shape[1]),
        "a z-score without its sign": right.abs(),
        "the sign flipped: the estimate comes first": -right,
        "the difference: divide it by its standard error": difference,
    }  # fmt: skip
