"""Bits per dimension: of known densities, as a bound on the exact code length, and of a flow."""

import math

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.data.dequantization import dequantize
from dgm_helpers.metrics.bits_per_dimension import bits_per_dim, bits_per_dim_of_images
from dgm_helpers.models.nice import NICE
from dgm_helpers.models.real_nvp import RealNVP


def test_bits_per_dim_of_known_densities():
    # The uniform density on [0, 1) knows nothing: 8 bits a byte.
    assert bits_per_dim(torch.zeros(2), 784).tolist() == [8.0, 8.0]
    # NICE's 5371.78 nats on CIFAR-10 brought into [-1, 1] is the 4.48 of later tables.
    assert round(bits_per_dim(torch.tensor(5371.78), 3072, 128).item(), 2) == 4.48


def test_the_bound_holds_and_is_tight_where_the_density_is_flat_in_a_cell(generator):
    # p(x) = 2x on [0, 1), four levels: P(level k) = (2k + 1)/16 exactly.
    gray = torch.arange(4).repeat(20_000).double()
    noisy = dequantize(gray / 3, 4, generator)
    bits = bits_per_dim(torch.log(2 * noisy), 1, 4).reshape(-1, 4)
    exact = -torch.log2((2 * torch.arange(4).double() + 1) / 16)
    # E log2(2(k + u)/4), u uniform: the mean itself in closed form, above the exact code length.
    k = torch.arange(4).double()
    primitive = lambda t: torch.special.xlogy(t, t) - t  # noqa: E731
    mean = 2 - (math.log(2 / 4) + primitive(k + 1) - primitive(k)) / math.log(2)
    checks.mean_equals("bits", bits, mean)
    assert (mean > exact).all() and (mean - exact)[3] < 0.01


@pytest.mark.parametrize(
    "flow",
    [
        NICE(data_dim=64, hidden=(5,), levels=17),
        RealNVP(image_channels=1, image_size=8, features=2, residual_blocks=1, levels=17),
    ],
    ids=["nice", "real nvp"],
)
@torch.no_grad()
def test_bits_per_dim_of_a_flow_are_those_of_the_dequantized_images(flow, generator):
    x = torch.randint(17, (6, 1, 8, 8), generator=generator) / 16
    bits = bits_per_dim_of_images(flow.eval(), x, torch.Generator().manual_seed(1))
    log_prob = flow.log_prob(dequantize(x, 17, torch.Generator().manual_seed(1)))
    torch.testing.assert_close(bits, -(log_prob - 64 * math.log(17)) / (64 * math.log(2)))


def test_a_flow_of_real_numbers_has_no_bits_per_dim():
    with pytest.raises(ValueError, match=r"but this flow has levels=None$"):
        bits_per_dim_of_images(NICE(data_dim=4, hidden=(5,), levels=None), torch.zeros(2, 4))
