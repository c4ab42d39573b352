"""Couplings, the layers between them, and dequantisation: inverses, Jacobians, masks."""

import math

import pytest
import torch
from torch import nn

from dgm_helpers import checks
from dgm_helpers.data.dequantization import dequantize, from_logits, to_logits
from dgm_helpers.layers.coupling import (
    AdditiveCoupling,
    AffineCoupling,
    AxisPartition,
    CheckerboardPartition,
    channel_mask,
    checkerboard_mask,
    parity_mask,
)
from dgm_helpers.layers.invertible_batch_norm import InvertibleBatchNorm
from dgm_helpers.layers.space_to_depth import depth_to_space, space_to_depth

VECTOR, IMAGE = (5,), (2, 4, 4)


def network(inputs, outputs, image):
    layer = nn.Conv2d(inputs, outputs, 3, padding=1) if image else nn.Linear(inputs, outputs)
    return nn.Sequential(layer, nn.Tanh())


def even(size):
    return AxisPartition(parity_mask(size, keep_even=True))


def board(keep_even):
    return CheckerboardPartition(checkerboard_mask(4, 4, keep_even=keep_even))


LAYERS = {
    "additive, even": lambda: (AdditiveCoupling(network(3, 2, False), even(5)), VECTOR),
    "additive, odd": lambda: (
        AdditiveCoupling(network(2, 3, False), AxisPartition(parity_mask(5, keep_even=False))),
        VECTOR,
    ),
    "affine, vector": lambda: (AffineCoupling(network(3, 4, False), even(5), 2), VECTOR),
    "affine, channels": lambda: (
        AffineCoupling(network(1, 2, True), AxisPartition(channel_mask(2, keep_first=False)), 1),
        IMAGE,
    ),
    "affine, checkerboard": lambda: (AffineCoupling(network(2, 4, True), board(True), 2), IMAGE),
    "additive, checkerboard": lambda: (AdditiveCoupling(network(2, 2, True), board(False)), IMAGE),
    "batch norm": lambda: (InvertibleBatchNorm(2).eval(), IMAGE),
}


@pytest.fixture(params=LAYERS)
def layer_and_x(request, generator):
    torch.manual_seed(0)
    layer, shape = LAYERS[request.param]()
    if isinstance(layer, InvertibleBatchNorm):
        layer.running_mean.normal_(generator=generator)
        layer.running_var.uniform_(0.2, 3, generator=generator)
    return layer.double(), torch.randn(3, *shape, generator=generator, dtype=torch.float64)


def test_the_inverse_undoes_the_layer(layer_and_x):
    layer, x = layer_and_x
    y, _ = layer(x)
    torch.testing.assert_close(layer.inverse(y), x, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(layer(layer.inverse(x))[0], x, rtol=1e-12, atol=1e-12)
    assert not torch.allclose(y, x)


def test_the_log_determinant_is_that_of_the_jacobian(layer_and_x):
    layer, x = layer_and_x
    _, log_det = layer(x)
    for row, value in zip(x, log_det, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda r: layer(r[None])[0][0], row)
        exact = torch.linalg.slogdet(jacobian.reshape(row.numel(), row.numel()))[1]
        torch.testing.assert_close(value, exact, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("layer_and_x", [name for name in LAYERS if name != "batch norm"], indirect=True)
def test_the_kept_part_is_kept(layer_and_x):
    layer, x = layer_and_x
    y, _ = layer(x)
    assert torch.equal(layer.partition.split(y)[0], layer.partition.split(x)[0])
    joined = layer.partition.join(*layer.partition.split(x))
    assert torch.equal(joined, x)


def test_masks_by_hand():
    assert parity_mask(5, keep_even=True).tolist() == [True, False, True, False, True]
    assert parity_mask(4, keep_even=False).tolist() == [False, True, False, True]
    assert channel_mask(4, keep_first=True).tolist() == [True, True, False, False]
    assert channel_mask(4, keep_first=False).tolist() == [False, False, True, True]
    assert channel_mask(3, keep_first=True).tolist() == [True, False, False]
    assert checkerboard_mask(2, 3, keep_even=True).tolist() == [[True, False, True], [False, True, False]]
    assert torch.equal(checkerboard_mask(3, 3, keep_even=False), ~checkerboard_mask(3, 3, keep_even=True))


@pytest.mark.parametrize("mask", [[True, True], [False, False]])
def test_a_mask_of_one_part_is_told(mask):
    with pytest.raises(ValueError, match="mask must keep some entries and change others"):
        AxisPartition(torch.tensor(mask))
    with pytest.raises(ValueError, match=r"mask must keep some entries and change others"):
        CheckerboardPartition(torch.tensor([mask]))


def test_space_to_depth_moves_every_value_once_and_keeps_neighbors():
    x = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6)
    y = space_to_depth(x)
    assert y.shape == (2, 12, 2, 3)
    assert torch.equal(depth_to_space(y), x)
    assert sorted(y.flatten().tolist()) == sorted(x.flatten().tolist())
    # Position (1, 2) holds the block of rows 2, 3 and columns 4, 5; rows of a block are the slowest channels.
    assert torch.equal(y[0, :, 1, 2], torch.cat([x[0, :, 2, 4], x[0, :, 2, 5], x[0, :, 3, 4], x[0, :, 3, 5]]))
    assert torch.equal(depth_to_space(space_to_depth(x.repeat(1, 1, 3, 1), 3), 3), x.repeat(1, 1, 3, 1))


def test_space_to_depth_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"^block must divide height and width, 3 and 4, got 2$"):
        space_to_depth(torch.zeros(1, 1, 3, 4))
    with pytest.raises(ValueError, match=r"^the number of channels must be a multiple of 2×2, .*, got 6$"):
        depth_to_space(torch.zeros(1, 6, 3, 4))


def test_batch_norm_in_training_standardizes_and_remembers(generator):
    layer = InvertibleBatchNorm(2, momentum=0.2, eps=1e-8).double()
    x = 3 + 2 * torch.randn(50, 2, 4, 4, generator=generator, dtype=torch.float64)
    y, log_det = layer(x)
    torch.testing.assert_close(y.mean(dim=(0, 2, 3)), torch.zeros(2).double(), atol=1e-7, rtol=0)
    torch.testing.assert_close(y.var(dim=(0, 2, 3), correction=0), torch.ones(2).double())
    variance = x.var(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(log_det, (-8 * variance.log().sum()).expand(50))
    torch.testing.assert_close(layer.running_mean, 0.2 * x.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(layer.running_var, 0.8 + 0.2 * variance)


def test_running_statistics_of_batch_norm_keep_no_graph(generator):
    layer = InvertibleBatchNorm(2)
    layer(torch.randn(5, 2, 3, 3, generator=generator, requires_grad=True))
    assert not layer.running_mean.requires_grad and not layer.running_var.requires_grad


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_dequantised_levels_keep_to_their_cells(levels, generator):
    gray = torch.randint(levels, (40, 30), generator=generator)
    noisy = dequantize(gray.double() / (levels - 1), levels, generator)
    assert torch.equal((noisy * levels).floor().long(), gray)
    position = noisy * levels - gray
    checks.mean_equals("position in the cell", position.flatten(), 0.5)
    checks.mean_equals("its square", position.flatten() ** 2, 1 / 3)


def test_dequantisation_draws_from_the_generator_and_anew_each_time():
    x = torch.full((3, 4), 0.5)
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    first = dequantize(x, 256, one)
    assert torch.equal(first, dequantize(x, 256, other)) and not torch.equal(first, dequantize(x, 256, one))
    with pytest.raises(ValueError, match=r"^levels must be at least 2, got 1$"):
        dequantize(x, 1)


@pytest.mark.parametrize("value", [-0.01, 1.01, 255.0])
def test_pixels_outside_of_0_and_1_are_refused(value):
    x = torch.tensor([0.0, 1.0, value])
    with pytest.raises(
        ValueError, match=r"^pixels must be in \[0, 1\], got values from .*: divide bytes by 255, or pass "
    ):
        dequantize(x)
    assert dequantize(torch.tensor([0.0, 1.0, torch.nan])).isnan().tolist() == [False, False, True]


def test_logits_are_undone_and_their_log_determinant_is_exact(generator):
    x = torch.rand(3, 2, 3, generator=generator, dtype=torch.float64)
    x[0, 0, 0], x[0, 0, 1] = 0, 1
    y, log_det = to_logits(x, 0.05)
    torch.testing.assert_close(from_logits(y, 0.05), x, rtol=1e-12, atol=1e-12)
    for row, value in zip(x, log_det, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda r: to_logits(r[None], 0.05)[0][0], row)
        torch.testing.assert_close(value, torch.linalg.slogdet(jacobian.reshape(6, 6))[1])


@pytest.mark.parametrize("name", ["affine, vector", "affine, checkerboard"])
def test_under_autocast_the_log_determinant_stays_in_float32(name):
    torch.manual_seed(0)
    layer, shape = LAYERS[name]()
    with torch.autocast("cpu", torch.bfloat16):
        y, log_det = layer(torch.randn(3, *shape))
        assert layer.network(layer.partition.split(y)[0]).dtype == torch.bfloat16
        assert y.dtype == log_det.dtype == torch.float32
        torch.testing.assert_close(layer(layer.inverse(y))[0], y, rtol=1e-5, atol=1e-5)


def test_a_learned_scale_of_each_channel_bounds_the_log_scale():
    """s = a tanh(·) reaches a, also beyond 1, and never more; Real NVP, section 4.1."""
    layer = AffineCoupling(nn.Linear(3, 4), even(5), 2)
    nn.init.zeros_(layer.network.weight)
    with torch.no_grad():
        layer.network.bias.copy_(torch.tensor([1e3, 1e3, 0.5, -2.0]))
        layer.scale.copy_(torch.tensor([2.5, -0.5]))
        y, log_det = layer(torch.ones(1, 5))
    torch.testing.assert_close(log_det, torch.tensor([2.5 - 0.5]))
    torch.testing.assert_close(y, torch.tensor([[1, math.exp(2.5) + 0.5, 1, math.exp(-0.5) - 2, 1]]))
