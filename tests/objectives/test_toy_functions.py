"""Quadratic and step: value, expectation and its gradient, against loops, Monte Carlo, quadrature and autograd."""

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.objectives.distributions import gaussian_log_prob
from dgm_helpers.objectives.toy_functions import Quadratic, Step

F = Quadratic(curvature=[1.0, -2.0, 0.5], center=[0.3, 0.0, -1.0])
MU = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)
LOG_SIGMA = torch.tensor([0.2, -1.0, 0.0], dtype=torch.float64)


def test_value_and_shape_of_a_quadratic():
    z = torch.randn(4, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = -0.5 * (1.0 * (z[..., 0] - 0.3) ** 2 - 2.0 * z[..., 1] ** 2 + 0.5 * (z[..., 2] + 1) ** 2)
    torch.testing.assert_close(F(z), expected)
    assert F(z[0, 0]).shape == () and F(z.float()).dtype == torch.float32


def test_expectation_of_a_quadratic_is_the_mean_of_its_samples(generator):
    z = MU + LOG_SIGMA.exp() * torch.randn(20_000, 3, generator=generator, dtype=torch.float64)
    checks.mean_equals("E[f]", F(z), F.expectation(MU, LOG_SIGMA))


def test_expectation_gradient_of_a_quadratic_is_autograds():
    mu, log_sigma = MU.clone().requires_grad_(), LOG_SIGMA.clone().requires_grad_()
    expected = torch.autograd.grad(F.expectation(mu, log_sigma), (mu, log_sigma))
    for actual, gradient in zip(F.expectation_gradient(MU, LOG_SIGMA), expected, strict=True):
        torch.testing.assert_close(actual, gradient)


def test_lengths_must_agree():
    with pytest.raises(
        ValueError, match=r"^curvature and center must have one number per coordinate, got 2 and 1$"
    ):
        Quadratic(curvature=[1.0, 2.0], center=[0.0])


def test_expectation_of_a_step_is_the_integral(generator):
    f, points = Step(threshold=0.4), torch.linspace(0.4, 12, 200_001, dtype=torch.float64)[:, None]
    mu, log_sigma = torch.tensor([[0.9], [-0.3]], dtype=torch.float64)
    above = torch.trapezoid(gaussian_log_prob(points, mu, log_sigma).exp(), points[:, 0])
    torch.testing.assert_close(f.expectation(mu, log_sigma), above)
    assert f(torch.tensor([[0.5, 0.3], [1.0, 2.0]])).tolist() == [1, 2]


def test_expectation_gradient_of_a_step_is_its_derivative(generator):
    mu, log_sigma = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64).requires_grad_()
    f = Step(threshold=-0.2)
    expected = torch.autograd.grad(f.expectation(mu, log_sigma).sum(), (mu, log_sigma))
    for actual, wanted in zip(f.expectation_gradient(mu, log_sigma), expected, strict=True):
        torch.testing.assert_close(actual, wanted)
