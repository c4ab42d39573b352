"""Standard deviations from outputs without bounds: exact, with their gradients, and finite far out."""

import pytest
import torch
from torch.nn import functional as F

from dgm_helpers.layers.scales import LOG_SCALES

POINTS = [-1e30, -1e4, -100.0, -30, -20, -19, -1, 0, 3, 50, 1e4, 1e30]
EXACT = {
    "exp": lambda x: x,
    # log(1 + e^x) is e^x to 1e-13 for x below -30, and x where e^x has overflowed.
    "softplus": lambda x: torch.where(x < -30, x, F.softplus(x, threshold=100).clamp_min(1e-30).log()),
    # In float64 1 + x / (1 + |x|) has lost its digits for x below -1e8: 1 / (1 - x) has not.
    "softsign": lambda x: (
        torch.where(x < 0, 1 / (1 - x), 1 + x / (1 + x.abs())).log() - torch.tensor(2).log()
    ),
}


@pytest.mark.parametrize("name", LOG_SCALES)
def test_values_and_gradients_are_those_of_the_formula_in_float64(name):
    x = torch.tensor(POINTS, requires_grad=True)
    value = LOG_SCALES[name](x)
    wide = x.detach().double().requires_grad_()
    torch.testing.assert_close(value, EXACT[name](wide).float())
    (gradient,) = torch.autograd.grad(value.sum(), x)
    if name == "softplus":
        expected = torch.where(wide < -30, 1.0, wide.sigmoid() / F.softplus(wide).clamp_min(1e-30))
    elif name == "softsign":  # d log(1/2 (1 + s(x))), with s' = 1 / (1 + |x|)^2
        expected = torch.where(
            wide < 0, 1 / (1 - wide), 1 / (1 + wide.abs()) ** 2 / (1 + wide / (1 + wide.abs()))
        )
    else:
        expected = torch.ones_like(wide)
    torch.testing.assert_close(gradient, expected.detach().float())


def test_a_softsign_scale_lies_between_0_and_1():
    sigma = LOG_SCALES["softsign"](torch.linspace(-1e3, 1e3, 2001).double()).exp()
    assert ((sigma > 0) & (sigma < 1)).all() and (sigma.diff() > 0).all()
    assert LOG_SCALES["softsign"](torch.zeros(1)).exp() == 0.5
