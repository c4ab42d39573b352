"""Visible checks of lecture 07, posterior collapse."""

import math

import torch
from torch import Generator, Tensor
from torch.distributions import MultivariateNormal

from dgm_helpers import checks
from dgm_helpers.exercises import posterior_collapse_mistakes as mistakes
from dgm_helpers.exercises import posterior_collapse_oracles as oracles
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.objectives import collapse

LIBRARY_ELBO = (collapse.linear_vae_elbo, LinearVAE.elbo, LinearVAE.expected_log_likelihood, LinearVAE.gap)


@checks.exercise(reference=collapse.best_elbo_without_latents)
def best_elbo_without_latents(answer) -> None:
    """The value of (7.6), against the average log-density of fitted independent Gaussians; exact.

    Correlated coordinates, small variances, for which the number is positive, and float32.
    """
    draw = checks.generator("07/best_elbo_without_latents/visible")
    mu = oracles.spaced(draw, 0.5, 2.0, 4) * oracles.signs(draw, 4)
    Sigma, _ = oracles.dependent(draw, oracles.spaced(draw, 0.3, 5.0, 4))
    name, exact = "best ELBO without latents", oracles.fit_without_latents(mu, Sigma)
    checks.equal(name, answer(mu, Sigma), exact, unit="nats", mistakes=mistakes.without_latents(mu, Sigma))
    small = 0.01 * Sigma
    exact = oracles.fit_without_latents(mu, small)
    checks.equal(name, answer(mu, small), exact, unit="nats", case="small variances")
    checks.equal(name, answer(mu.float(), small.float()), exact, unit="nats", case="float32")


@checks.exercise(reference=collapse.latent_benefit)
def latent_benefit(answer) -> None:
    """The total correlation of three coordinates, of independent ones, where it is 0, and (7.9); exact.

    The three are built from one another, and the chain rule gives the oracle. Also in float32.
    """
    draw = checks.generator("07/latent_benefit/visible")
    Sigma, exact = oracles.dependent(draw, oracles.spaced(draw, 0.05, 0.7, 3))
    name = "benefit of latents"
    checks.equal(name, answer(Sigma), exact, unit="nats", mistakes=mistakes.benefit(Sigma, exact))
    checks.equal(name, answer(Sigma.float()), exact, unit="nats", case="float32")
    variances = oracles.spaced(draw, 0.1, 3.0, 5)
    checks.equal(name, answer(torch.diag(variances)), 0.0, unit="nats", case="diagonal Σ")
    for rho in (0.3, -0.9):
        Sigma = torch.tensor([[4.0, 2 * rho], [2 * rho, 1.0]], dtype=torch.float64)
        exact = -0.5 * math.log(1 - rho**2)
        checks.equal(name, answer(Sigma), exact, unit="nats", case=f"correlation {rho}")


@checks.exercise(reference=collapse.ppca_solution)
def ppca_solution(answer) -> None:
    """The noise variance of (7.16), and W, whatever the signs of its columns; exact.

    The covariance has chosen eigenvalues. W is judged by W Wᵀ, and by the lengths and angles of its columns, Wᵀ W.
    """
    draw = checks.generator("07/ppca_solution/visible")
    values = torch.tensor([5.0, 3.0, 1.6, 0.9, 0.5, 0.2], dtype=torch.float64)
    Sigma, vectors = oracles.with_spectrum(draw, values)
    weight, noise = checks.unpack("ppca_solution", answer(Sigma, 2), 2)
    checks.equal("noise variance s²", noise, values[2:].mean(), mistakes=mistakes.noise(values, 2))
    weight = checks.as_tensor("W", weight, (6, 2))
    kept = values[:2] - values[2:].mean()
    exact = (vectors[:, :2] * kept) @ vectors[:, :2].T
    checks.equal("W Wᵀ", weight @ weight.T, exact, mistakes=mistakes.weight(Sigma, values, vectors))
    ascending = {"columns in ascending order: the longest comes first": torch.diag(kept.flip(0))}
    checks.equal("Wᵀ W", weight.T @ weight, torch.diag(kept), mistakes=ascending)


@checks.exercise(reference=LIBRARY_ELBO)
def linear_vae_elbo(answer) -> None:
    """The exact posterior as encoder, where the ELBO is log p(x), of both signs, and any other encoder; exact.

    The oracles are the log-density of one dense Gaussian, and log p(x) minus the KL to the posterior, also in float32.
    """
    draw = checks.generator("07/linear_vae_elbo/visible")
    elbo_is_evidence(answer, draw)
    elbo_of_any_encoder(answer, draw)


def elbo_is_evidence(answer, draw: Generator) -> None:
    """Compare with log p(x), for an encoder that is the exact posterior."""
    log_noise = oracles.spaced(draw, -2.0, -1.0, 5)
    columns = torch.linalg.qr(torch.randn(5, 2, generator=draw, dtype=torch.float64)).Q
    weight = log_noise.exp()[:, None] * columns * torch.tensor([2.0, 1.2], dtype=torch.float64)
    decoder = [weight, oracles.spaced(draw, 0.5, 1.5, 5) * oracles.signs(draw, 5), log_noise]
    marginal = MultivariateNormal(decoder[1], weight @ weight.T + torch.diag(torch.exp(2 * log_noise)))
    distance = torch.tensor([0.0, 0.5, 1.5, 2.5, 3.5, 5.0], dtype=torch.float64)
    direction = torch.nn.functional.normalize(torch.randn(6, 5, generator=draw, dtype=torch.float64))
    x = decoder[1] + distance[:, None] * direction @ marginal.scale_tril.T
    parameters = [*decoder, *oracles.exact_encoder(*decoder)]
    exact = marginal.log_prob(x)
    checks.equal(
        "ELBO, which is log p(x) here",
        answer(x, *parameters),
        exact,
        unit="nats",
        mistakes=mistakes.elbo(x, parameters, exact),
    )


def elbo_of_any_encoder(answer, draw: Generator) -> None:
    """Compare with log p(x) minus the KL to the posterior, from dense Gaussians, for a random encoder."""
    parameters = oracles.linear_vae(draw, 4, 2)
    x = oracles.spaced(draw, 0.3, 3.0, 5, 4) * oracles.signs(draw, 5, 4)
    exact = oracles.dense_elbo(x, *parameters)
    checks.equal(
        "ELBO", answer(x, *parameters), exact, unit="nats", mistakes=mistakes.elbo(x, parameters, exact)
    )
    single = [tensor.float() for tensor in (x, *parameters)]
    checks.equal("ELBO", answer(*single), exact, unit="nats", case="float32")


@checks.exercise(reference=collapse.is_collapsed)
def is_collapsed(answer) -> None:
    """Units for which the average, the median, the extremes and the sum of the KL disagree; exact.

    Two copies of the batch, in float64 and float32: the dtype of the answer is that of `kl_per_unit`.
    """
    draw = checks.generator("07/is_collapsed/visible")
    kl = oracles.spaced(draw, 0.02, 1.0, 50, 6)
    # Collapsed; active; active at few points; collapsed except at one point; active, with a point at 0; collapsed.
    kl = kl * torch.tensor([0.004, 2.0, 0.0, 0.004, 0.1, 0.0], dtype=torch.float64)
    kl[:3, 2], kl[7, 3], kl[9, 4] = 4.0, 0.05, 0.0
    kl = kl[torch.randperm(50, generator=draw)]
    exact = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0, 1.0], dtype=torch.float64)
    collapsed_units(answer, kl, 0.01, exact, hints=mistakes.collapsed(kl, 0.01, exact))
    collapsed_units(answer, kl.float(), 0.01, exact, case="float32")


def collapsed_units(answer, kl: Tensor, threshold: float, exact: Tensor, case: str = "", hints=None) -> None:
    """Check the values and the dtype of one answer."""
    units = answer(kl, threshold)
    checks.equal("collapsed units", units, exact, case=case, rtol=0.0, atol=1e-9, mistakes=hints)
    kind = units.dtype if isinstance(units, Tensor) else type(units).__name__
    checks.true(
        f"dtype, {case}" if case else "dtype",
        kind == kl.dtype,
        f"must be that of `kl_per_unit`, {kl.dtype}, got {kind}",
        hint="`.to(kl_per_unit.dtype)` converts a tensor of any kind.",
    )
