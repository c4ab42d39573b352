"""Residual networks over scales: the blocks' formula, sizes, and the way up as the mirror of the way down."""

import pytest
import torch
from torch.nn import functional as F

from dgm_helpers.layers.residual_scales import ResidualBlock, downward, upward


@pytest.mark.parametrize(
    ("inputs", "outputs", "resample"), [(4, 4, 1), (4, 6, 1), (4, 6, 2), (4, 4, 2), (4, 6, -2)]
)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_block_is_its_formula(inputs, outputs, resample, batch_norm):
    torch.manual_seed(0)
    block = ResidualBlock(inputs, outputs, resample, batch_norm=batch_norm).double()
    x = torch.randn(3, inputs, 6, 6, dtype=torch.float64)
    _, first, _, second, norm = block.branch

    def convolution(layer, value, stride=1):
        weight = layer[0] if isinstance(layer, torch.nn.Sequential) else layer
        value = F.conv2d(value, weight.weight, weight.bias, stride, weight.weight.shape[-1] // 2)
        return F.pixel_shuffle(value, 2) if weight is not layer else value

    stride = 2 if resample == -2 else 1
    added = convolution(second, F.elu(convolution(first, F.elu(x))), stride)
    if batch_norm:
        mean, variance = added.mean(dim=(0, 2, 3)), added.var(dim=(0, 2, 3), unbiased=False)
        added = (added - mean[:, None, None]) / (variance + norm.eps).sqrt()[:, None, None]
    same = resample == 1 and inputs == outputs
    shortcut = x if same else convolution(block.shortcut, x, stride)
    torch.testing.assert_close(block(x), shortcut + added)
    side = {1: 6, 2: 12, -2: 3}[resample]
    assert block(x).shape == (3, outputs, side, side) and isinstance(norm, torch.nn.BatchNorm2d) == batch_norm
    # Of a bias there before the normalization nothing would be left.
    assert (second.bias is None) == batch_norm and (norm.bias if batch_norm else second.bias) is not None


def test_the_way_up_mirrors_the_way_down():
    sizes = {"channels": (4, 6, 10), "blocks": (1, 0, 2)}
    down, up = downward(**sizes), upward(**sizes)
    x = torch.randn(2, 4, 12, 12)
    assert down(x).shape == (2, 10, 3, 3) and up(down(x)).shape == x.shape
    assert len(down) == len(up) == 5
    changes = [[(b.branch[3].out_channels, type(b.shortcut).__name__) for b in way] for way in (down, up)]
    assert changes[0] == [(4, "Identity"), (6, "Conv2d"), (10, "Conv2d"), (10, "Identity"), (10, "Identity")]
    assert changes[1] == [
        (10, "Identity"),
        (10, "Identity"),
        (6, "Sequential"),
        (4, "Sequential"),
        (4, "Identity"),
    ]
