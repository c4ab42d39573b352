"""Checks of the two gradient estimators of lecture 03 by the samples that they draw.

With f = 1, a score-function estimate from one sample is the score itself. With a linear f, a reparametrized estimate
is the noise. Both reveal the sample, so the result of a call with the same seed and any other f is known exactly.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal

from dgm_helpers import checks
from dgm_helpers.checks.failure import fail
from dgm_helpers.exercises import gradient_probes as probes

SCORE_FUNCTION = "score-function estimate"
REPARAMETRIZED = "reparametrized estimate"
EXACT = {"rtol": 1e-5, "atol": 1e-5}


def estimate(name: str, answer: Callable, f: Callable, mu: Tensor, log_sigma: Tensor, *rest) -> list[Tensor]:
    """Call an estimator and return its two results in float64, each of the shape of ``mu``."""
    parts = checks.unpack(name, answer(f, mu.clone(), log_sigma.clone(), *rest), 2)
    names = (f"{name}, in mu", f"{name}, in log_sigma")
    return [checks.as_tensor(label, part, mu.shape) for label, part in zip(names, parts, strict=True)]


def right_spread(name: str, noise: Tensor, factors: Mapping[str, Tensor]) -> None:
    """Check that each coordinate's noise ``[R, *batch, d]`` has root mean square 1, to within 12%.

    For 2,000 numbers, that is 7 standard errors. ``factors``: hint -> factors by which a mistake multiplies the noise
    of the d coordinates.
    """
    spread = noise.flatten(0, -2).pow(2).mean(dim=0).sqrt()
    if float((spread - 1).abs().max()) < 0.12:
        return
    hints = [
        f"looks like {hint}"
        for hint, factor in factors.items()
        if float((spread / factor.abs() - 1).abs().max()) < 0.12
    ]
    details = [
        f"expected [{', '.join(['1'] * len(spread))}]",
        f"actual   {np.round(spread.tolist(), 3).tolist()}",
    ]
    fail(name, "has the wrong standard deviation in some coordinate", details, hints[0] if hints else None)


def spread_mistakes(log_sigma: Tensor) -> dict[str, Tensor]:
    """Return the factors by which typical mistakes multiply the noise of each coordinate, by hint."""
    sigma = log_sigma.exp()
    return {
        "log σ used as σ: take its exponential": log_sigma / sigma,
        "σ² in front of the noise: the standard deviation σ multiplies it": sigma,
        "noise without σ: z = mu + sigma * noise": 1 / sigma,
        "noise that is divided by σ: multiply it": sigma**-2,
    }


def mean_and_variance(
    name: str, rows: Tensor, one: Tensor, weights: Tensor, n_samples: int, mistakes: Mapping[str, Tensor]
) -> None:
    """Check the mean and the variance of estimates ``[R, entries]`` from ``n_samples`` samples each.

    Args:
        name: the estimator.
        rows: the estimates.
        one: estimates from one sample on a quadrature grid, shape ``[points, entries]``.
        weights: the grid's weights.
        n_samples: K; the variance and the excess kurtosis are those for one sample, divided by K.
        mistakes: hint -> mean of a typical mistake.
    """
    mean = weights @ one
    variance = weights @ (one - mean) ** 2
    excess = float((weights @ (one - mean) ** 4 / variance**2).max()) - 3
    kurtosis = 3.5 + max(excess, 0) / n_samples
    label = f"{name}, {n_samples} samples"
    checks.mean_equals(label, rows, mean, variance=variance / n_samples, kurtosis=kurtosis, mistakes=mistakes)


def pair(total: Tensor, squares: Tensor) -> Tensor:
    """Return the two numbers with this sum and this sum of squares, along a new first axis."""
    half_distance = (squares / 2 - total**2 / 4).clamp_min(0).sqrt()
    return torch.stack([total / 2 + half_distance, total / 2 - half_distance])


def score_oracle(z: Tensor, mu: Tensor, log_sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradient of log N(z | mu, sigma²) in mu and log_sigma, entry by entry, by autograd in float64."""
    z, *leaves = [
        value.detach().double().expand(z.shape).clone().requires_grad_() for value in (z, mu, log_sigma)
    ]
    log_density = Normal(leaves[0], leaves[1].exp()).log_prob(z.detach())
    return torch.autograd.grad(log_density.sum(), leaves)


def one_sample_of_score_function(
    answer, mu: Tensor, log_sigma: Tensor, rng: torch.Generator, f: Callable
) -> None:
    """Check the estimate from one sample for each Gaussian exactly."""
    draw = probes.seeded(rng)
    name = f"{SCORE_FUNCTION} from one sample"
    ones = estimate(f"{name}, f = 1", answer, probes.one, mu, log_sigma, 1, draw())
    again = estimate(f"{name}, f = 1", answer, probes.one, mu, log_sigma, 1, draw())
    checks.repeatable(name, ones, again)
    actual = torch.cat(estimate(name, answer, f, mu, log_sigma, 1, draw()), dim=-1)
    mu, log_sigma = mu.double(), log_sigma.double()
    noise = ones[0] * log_sigma.exp()
    if not noise.any():
        constant = "z must be a sample, and a constant where log q is differentiated: detach it."
        hint = constant if ones[1].any() else "multiply the score by f(z) itself, not by a change of f."
        fail(name, "is zero in mu if f = 1, where it must be the score", hint=hint)
    mistakes = {
        "log σ used as σ: take its exponential": (ones[0] * log_sigma) ** 2 - 1,
    }
    checks.equal(
        f"{name} in log_sigma, f = 1, given the one in mu",
        ones[1],
        noise**2 - 1,
        mistakes=mistakes,
        **EXACT,
    )
    z = mu + log_sigma.exp() * noise
    scores = torch.cat(score_oracle(z, mu, log_sigma), dim=-1)
    checks.equal(
        f"{name} (mu, log_sigma)",
        actual,
        f(z)[..., None] * scores,
        mistakes=_score_function_mistakes(f, z, mu, log_sigma, scores),
        **EXACT,
    )


def _score_function_mistakes(f: Callable, z: Tensor, mu: Tensor, log_sigma: Tensor, scores: Tensor) -> dict:
    """Return the results of typical mistakes at one sample, by hint."""
    mistakes = {"the score alone: multiply it by f(z)": scores}
    if not f(z.clone().requires_grad_()).requires_grad:
        return mistakes
    slope = probes.slope(f, z)
    path = torch.cat([slope, slope * (z - mu)], dim=-1)
    log_q = Normal(mu, log_sigma.exp()).log_prob(z).sum(dim=-1, keepdim=True)
    right = f(z)[..., None] * scores
    return mistakes | {
        "the reparametrized gradient added to (3.6): something is counted twice": right + path,
        "f(z) differentiated as well: the sample must be a constant, detach it": right + log_q * path,
    }


def two_samples_of_score_function(answer, rng: torch.Generator, *batch: int) -> None:
    """Check the estimate from two samples in one dimension exactly: f = 1 reveals their sum and sum of squares."""
    mu, log_sigma = probes.gaussians(rng, *batch, 1)
    draw = probes.seeded(rng)
    name = f"{SCORE_FUNCTION} from two samples"
    mean, spread = estimate(name, answer, probes.one, mu, log_sigma, 2, draw())
    noise = pair(2 * mean * log_sigma.exp(), 2 * (spread + 1))
    z = mu + log_sigma.exp() * noise
    values = probes.landscape(z)[..., None]
    expected = torch.cat([(values * s).mean(dim=0) for s in score_oracle(z, mu, log_sigma)], dim=-1)
    actual = torch.cat(estimate(name, answer, probes.landscape, mu, log_sigma, 2, draw()), dim=-1)
    checks.equal(f"{name} (mu, log_sigma)", actual, expected, **EXACT)


def one_sample_of_reparametrized(
    answer, mu: Tensor, log_sigma: Tensor, rng: torch.Generator, f: Callable
) -> None:
    """Check the estimate from one sample for each Gaussian exactly."""
    name = f"{REPARAMETRIZED} from one sample"
    answer, draw = with_leaves(answer), probes.seeded(rng)
    first, again = (estimate(name, answer, f, mu, log_sigma, 1, draw()) for _ in range(2))
    checks.repeatable(name, first, again)
    weights = torch.arange(1, mu.shape[-1] + 1, dtype=torch.float64).expand(mu.shape)
    linear = estimate(f"{name}, linear f", answer, probes.linear, mu, log_sigma, 1, draw())
    mistakes = {
        "a mean over the rows: each row has its own gradient": weights / mu[..., 0].numel(),
        "no gradient at all: it must flow through z = mu + sigma * noise": 0 * weights,
    }
    checks.equal(f"{name} in mu, f = z_1 + 2 z_2 + …", linear[0], weights, mistakes=mistakes, atol=1e-5)
    actual = torch.cat(first, dim=-1)
    mu, log_sigma = mu.double(), log_sigma.double()
    shift, sigma = linear[1] / weights, log_sigma.exp()

    def given(displacement: Tensor) -> Tensor:
        """Return the gradients if the sample is at this displacement from mu and log_sigma moves it by ``shift``."""
        slope = probes.slope(f, mu + displacement)
        return torch.cat([slope, slope * shift], dim=-1)

    mistakes = {
        "the gradient in σ: the parameter is log σ, which takes a factor σ": given(sigma * shift),
        "log σ used as σ: take its exponential": given(log_sigma * shift),
        "σ² in front of the noise: the standard deviation σ multiplies it": given(shift / 2),
        "the gradient at the mean: f must be differentiated at the sample": given(0 * shift),
        "a derivative from differences of f: let autograd differentiate it": 0 * actual,
    }
    checks.equal(f"{name} (mu, log_sigma)", actual, given(shift), mistakes=mistakes, **EXACT)
    _, unit = estimate(f"{name}, σ = 1", answer, probes.linear, mu, 0 * log_sigma, 1, draw())
    checks.equal(f"{name} in log_sigma, over that with σ = 1", shift / unit * weights, sigma, **EXACT)


def two_samples_of_reparametrized(answer, rng: torch.Generator, *batch: int) -> None:
    """Check the estimate from two samples in one dimension exactly: two functions reveal sum and sum of squares."""
    mu, log_sigma = probes.gaussians(rng, *batch, 1)
    name, sigma = f"{REPARAMETRIZED} from two samples", log_sigma.exp()
    answer, draw = with_leaves(answer), probes.seeded(rng)
    in_mu, total = estimate(f"{name}, linear f", answer, probes.linear, mu, log_sigma, 2, draw())
    mistakes = {"a sum over the samples: the estimate is their mean": 2 * torch.ones_like(mu)}
    checks.equal(f"{name} in mu, f = z", in_mu, torch.ones_like(mu), mistakes=mistakes)
    _, squares = estimate(f"{name}, square f", answer, probes.half_square, mu, log_sigma, 2, draw())
    if torch.allclose(squares, total * (mu + total)):
        hint = "average the product of slope and noise over two different samples."
        fail(name, "wrong value for f = z²/2", hint=hint)
    noise = pair(2 * total / sigma, 2 * (squares - mu * total) / sigma**2)
    slope = probes.slope(probes.landscape, mu + sigma * noise)
    expected = torch.cat([slope.mean(dim=0), (slope * sigma * noise).mean(dim=0)], dim=-1)
    actual = torch.cat(estimate(name, answer, probes.landscape, mu, log_sigma, 2, draw()), dim=-1)
    checks.equal(f"{name} (mu, log_sigma)", actual, expected, **EXACT)


def with_leaves(answer: Callable) -> Callable:
    """Wrap the answer: it fails with a one-line message if its graph does not lead back to the parameters."""

    def call(*arguments):
        try:
            return answer(*arguments)
        except RuntimeError as error:
            unused = "not have been used" in str(error)
            if not unused and "does not require grad" not in str(error):
                raise
        hint = (
            "compute z from the copies of mu and log_sigma that require a gradient."
            if unused
            else "mu and log_sigma arrive without a gradient: differentiate in copies that require one (Hint 1)."
        )
        fail(REPARAMETRIZED, "autograd finds no path from f(z) back to mu and log_sigma", hint=hint)

    return call
