"""The quadratic toy: value, expectation and its gradient, against a loop, Monte Carlo and autograd."""

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.models.quadratic import Quadratic

F = Quadratic(curvature=[1.0, -2.0, 0.5], centre=[0.3, 0.0, -1.0])
MU = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)
LOG_SIGMA = torch.tensor([0.2, -1.0, 0.0], dtype=torch.float64)


def test_value_and_shape():
    z = torch.randn(4, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = -0.5 * (1.0 * (z[..., 0] - 0.3) ** 2 - 2.0 * z[..., 1] ** 2 + 0.5 * (z[..., 2] + 1) ** 2)
    torch.testing.assert_close(F(z), expected)
    assert F(z[0, 0]).shape == () and F(z.float()).dtype == torch.float32


def test_expectation_is_the_mean_of_its_samples(generator):
    z = MU + LOG_SIGMA.exp() * torch.randn(20_000, 3, generator=generator, dtype=torch.float64)
    checks.mean_equals("E[f]", F(z), F.expectation(MU, LOG_SIGMA))


def test_expectation_gradient_is_autograds():
    mu, log_sigma = MU.clone().requires_grad_(), LOG_SIGMA.clone().requires_grad_()
    expected = torch.autograd.grad(F.expectation(mu, log_sigma), (mu, log_sigma))
    for actual, gradient in zip(F.expectation_gradient(MU, LOG_SIGMA), expected, strict=True):
        torch.testing.assert_close(actual, gradient)


def test_config_rebuilds_and_lengths_have_to_agree():
    assert Quadratic(**F.config)(MU) == F(MU)
    with pytest.raises(ValueError, match="2 curvatures but 1 centres"):
        Quadratic(curvature=[1.0, 2.0], centre=[0.0])
