"""The step function: its expectation and gradient against quadrature and automatic differentiation."""

import torch

from dgm_helpers.models.step import Step
from dgm_helpers.objectives.distributions import gaussian_log_prob


def test_expectation_is_the_integral(generator):
    f, points = Step(threshold=0.4), torch.linspace(0.4, 12, 200_001, dtype=torch.float64)[:, None]
    mu, log_sigma = torch.tensor([[0.9], [-0.3]], dtype=torch.float64)
    above = torch.trapezoid(gaussian_log_prob(points, mu, log_sigma).exp(), points[:, 0])
    torch.testing.assert_close(f.expectation(mu, log_sigma), above)
    assert f(torch.tensor([[0.5, 0.3], [1.0, 2.0]])).tolist() == [1, 2]


def test_expectation_gradient_is_its_derivative(generator):
    mu, log_sigma = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64).requires_grad_()
    f = Step(threshold=-0.2)
    expected = torch.autograd.grad(f.expectation(mu, log_sigma).sum(), (mu, log_sigma))
    for actual, wanted in zip(f.expectation_gradient(mu, log_sigma), expected, strict=True):
        torch.testing.assert_close(actual, wanted)
