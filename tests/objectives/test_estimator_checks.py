r"""The statistical checks of lecture 03: how often a right answer alarms, and by how much wrong ones are missed.

With N samples in all, of skewness g, the chance that Student's statistic exceeds its critical value c is that of
normal samples times :math:`\exp(\mp g c^3 / (3\sqrt N))`, one sign for each tail (Hall, 1987).
"""

import math

import numpy as np
import pytest
import torch

from dgm_helpers.checks.moments import critical_t
from dgm_helpers.models.quadratic import Quadratic
from dgm_helpers.objectives.distributions import gaussian_sample
from dgm_helpers.objectives.gradient_estimators import (
    reparametrized_gradient,
    score,
    score_function_gradient,
)

pytestmark = pytest.mark.simulation

F = Quadratic(curvature=[1.0, 2.0], centre=[0.0, 3.0])
RATE, STATED = 5e-7, 1e-6
ROWS = 400
# As in the notebook: the samples a row, and the corners of the inputs that are drawn anew at each grading.
SETTINGS = {
    "score function": (score_function_gradient, 1000, (-0.5, 0.0)),
    "reparametrized": (reparametrized_gradient, 200, (-1.0, -0.6)),
}
CORNERS = [(a, b) for a in (1.0, 2.0) for b in (1.0, 2.0)]


def double(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def one_sample_estimates(kind: str, mu: torch.Tensor, log_sigma: torch.Tensor):
    """All values of one sample's estimate on a Gauss-Hermite grid, exact for these polynomials; and its weights."""
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(16))
    noise = torch.cartesian_prod(nodes, nodes)
    weight = torch.cartesian_prod(weights, weights).prod(dim=1) / (2 * math.pi)
    z = mu + log_sigma.exp() * noise
    if kind == "score function":
        return torch.cat([F(z)[:, None] * s for s in score(z, mu, log_sigma)], dim=1), weight
    slope = -F.curvature * (z - F.centre)
    return torch.cat([slope, slope * log_sigma.exp() * noise], dim=1), weight


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_right_answer_alarms_less_than_once_in_a_million(kind):
    _, n_samples, spreads = SETTINGS[kind]
    critical = critical_t(ROWS, 4, RATE)
    for mu, spread in [(corner, spread) for corner in CORNERS for spread in spreads]:
        estimates, weight = one_sample_estimates(kind, double(*mu), double(spread, spread))
        mean = weight @ estimates
        torch.testing.assert_close(
            mean, torch.cat(F.expectation_gradient(double(*mu), double(spread, spread)))
        )
        skewness = (weight @ (estimates - mean) ** 3) / (weight @ (estimates - mean) ** 2) ** 1.5
        tilt = skewness * critical**3 / (3 * (ROWS * n_samples) ** 0.5)
        assert RATE / 4 * torch.cosh(tilt).sum() < STATED, (mu, spread)


@pytest.mark.parametrize("kind", SETTINGS)
def test_ten_thousand_right_answers_raise_no_alarm(kind, generator):
    """Each answer is 400 rows drawn from a pool of 5,000 that the estimator computed; the pool's mean is the truth."""
    estimator, n_samples, (_, spread) = SETTINGS[kind]
    mu, log_sigma = double(1.0, 1.0).expand(500, 2), double(spread, spread).expand(500, 2)
    pool = torch.cat([torch.cat(estimator(F, mu, log_sigma, n_samples, generator), dim=1) for _ in range(10)])
    largest = []
    for _ in range(20):
        answers = pool[torch.randint(len(pool), (500, ROWS), generator=generator)]
        error = answers.std(dim=1) / ROWS**0.5
        largest.append(((answers.mean(dim=1) - pool.mean(dim=0)) / error).abs().amax(dim=1))
    largest = torch.cat(largest)
    assert len(largest) == 10_000
    assert (largest > critical_t(ROWS, 4, RATE)).sum() == 0
    # At a rate of 1 % about 100 alarms, give or take 10: the statistic has the tails that it should have.
    assert 50 <= (largest > critical_t(ROWS, 4, 0.01)).sum() <= 150


def sum_for_mean(kind, mu, log_sigma, n_samples, generator):
    estimator = SETTINGS[kind][0]
    return [n_samples * part for part in estimator(F, mu, log_sigma, n_samples, generator)]


def f_forgotten(kind, mu, log_sigma, n_samples, generator):
    z = sample(mu, log_sigma, n_samples, generator)
    return [part.mean(dim=0) for part in score(z, mu, log_sigma)]


def product_of_means(kind, mu, log_sigma, n_samples, generator):
    z = sample(mu, log_sigma, n_samples, generator)
    return [F(z).mean(dim=0)[:, None] * part.mean(dim=0) for part in score(z, mu, log_sigma)]


def counted_twice(kind, mu, log_sigma, n_samples, generator):
    both = [SETTINGS[k][0](F, mu, log_sigma, n_samples, generator) for k in SETTINGS]
    return [a + b for a, b in zip(*both, strict=True)]


def gradient_in_sigma(kind, mu, log_sigma, n_samples, generator):
    grad_mu, grad_log_sigma = reparametrized_gradient(F, mu, log_sigma, n_samples, generator)
    return [grad_mu, grad_log_sigma / log_sigma.exp()]


def sample(mu, log_sigma, n_samples, generator):
    shape = (n_samples, *mu.shape)
    return gaussian_sample(mu.expand(shape), log_sigma.expand(shape), generator)


WRONG = [("score function", w) for w in (sum_for_mean, f_forgotten, product_of_means, counted_twice)]
WRONG += [("reparametrized", w) for w in (sum_for_mean, gradient_in_sigma)]


@pytest.mark.parametrize(("kind", "wrong"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_answers_are_far_beyond_the_critical_value(kind, wrong, generator):
    """Power above 0.999 needs 3.1 standard errors beyond it; the measured distance is itself uncertain by 1."""
    _, n_samples, spreads = SETTINGS[kind]
    for mu, spread in [(corner, spread) for corner in CORNERS for spread in spreads]:
        mu, log_sigma = double(*mu), double(spread, spread)
        rows = torch.cat(
            wrong(kind, mu.expand(ROWS, 2), log_sigma.expand(ROWS, 2), n_samples, generator), dim=1
        )
        exact = torch.cat(F.expectation_gradient(mu, log_sigma))
        distance = (rows.mean(dim=0) - exact).abs() / (rows.std(dim=0) / ROWS**0.5)
        assert distance.max() > critical_t(ROWS, 4, RATE) + 3.1 + 5
