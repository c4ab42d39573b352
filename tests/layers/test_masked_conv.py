"""Masked convolutions against the raster order itself, and row caches against the convolutions they stand for."""

import pytest
import torch

from dgm_helpers.layers.masked_conv import (
    HorizontalConv2d,
    MaskedConv2d,
    VerticalConv2d,
    causal_mask,
    receptive_field,
)
from dgm_helpers.layers.row_cache import RowCache

CONVOLUTIONS = {
    "mask A": lambda: MaskedConv2d(3, 6, 5, "A", 3),
    "mask B": lambda: MaskedConv2d(6, 3, 3, "B", 3),
    "mask B, 1 x 1": lambda: MaskedConv2d(6, 3, 1, "B", 3),
    "horizontal A": lambda: HorizontalConv2d(3, 6, 7, "A", 3),
    "horizontal B": lambda: HorizontalConv2d(6, 6, 3, "B", 3),
    "first vertical": lambda: VerticalConv2d(3, 4, 7, first=True),
    "vertical": lambda: VerticalConv2d(4, 4, 3),
    "vertical, 1 x 1": lambda: VerticalConv2d(4, 4, 1),
}


@pytest.fixture(params=CONVOLUTIONS)
def conv(request):
    torch.manual_seed(0)
    conv = CONVOLUTIONS[request.param]().double()
    torch.nn.init.normal_(conv.weight)
    torch.nn.init.normal_(conv.bias)
    return conv


@pytest.mark.parametrize("kind", ["A", "B"])
@pytest.mark.parametrize(
    ("inputs", "outputs", "channels"), [(1, 1, 1), (4, 2, 1), (3, 6, 3), (5, 7, 3), (3, 4, 2)]
)
@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_mask_shows_what_comes_earlier_in_raster_order(kind, inputs, outputs, channels, size):
    mask = causal_mask(size, kind, inputs, outputs, channels)
    assert mask.shape == (outputs, inputs, size, size)
    middle = size // 2
    for out, source, row, column in torch.cartesian_prod(*map(torch.arange, mask.shape)).tolist():
        here, there = (middle, middle, out % channels), (row, column, source % channels)
        visible = there < here or (kind == "B" and there == here)  # tuples compare in raster order
        assert mask[out, source, row, column] == visible


def test_without_an_order_of_channels_mask_a_hides_the_center_and_mask_b_shows_it():
    assert not causal_mask(3, "A", 2, 2)[:, :, 1, 1].any()
    assert causal_mask(3, "B", 2, 2)[:, :, 1, 1].all()


@pytest.mark.parametrize(("height", "width", "rows", "columns"), [(3, 4, 1, 1), (4, 3, 5, 1), (1, 1, 1, 1)])
def test_the_receptive_field_is_what_is_earlier_and_near(height, width, rows, columns):
    field = receptive_field(height, width, rows, columns)
    for i, j, a, b in torch.cartesian_prod(*map(torch.arange, (height, width, height, width))).tolist():
        assert field[i, j, a, b] == ((a, b) < (i, j) and i - a <= rows and abs(j - b) <= columns)


def test_halves_of_the_features_keep_their_channels():
    mask = causal_mask(1, "B", 6, 12, 3)
    assert torch.equal(mask[:6], mask[6:])


def reference(conv, x):
    """The same convolution with a full square kernel, zero where nothing may be seen."""
    height, width = conv.weight.shape[2:]
    half = max(conv.padding)
    kernel = torch.zeros(*conv.weight.shape[:2], 2 * half + 1, 2 * half + 1).double()
    bottom = half + 1 - (1 if getattr(conv, "first", False) else 0)
    kernel[:, :, bottom - height : bottom, :width] = conv.weight * conv.mask
    return torch.nn.functional.conv2d(x, kernel, conv.bias, padding=half)


def test_a_masked_convolution_is_one_with_a_square_kernel(conv):
    x = torch.randn(2, conv.weight.shape[1], 6, 5, dtype=torch.float64)
    assert conv(x).shape == (2, conv.weight.shape[0], 6, 5)
    torch.testing.assert_close(conv(x), reference(conv, x))


def test_hidden_weights_get_no_gradient_and_start_at_zero(conv):
    conv(torch.randn(2, conv.weight.shape[1], 6, 5, dtype=torch.float64)).square().sum().backward()
    assert conv.weight.grad[~conv.mask].eq(0).all() and conv.weight.grad[conv.mask].ne(0).all()
    assert MaskedConv2d(3, 6, 5, "A", 3).weight[~causal_mask(5, "A", 3, 6, 3)[:, :, :3]].eq(0).all()


def test_a_mask_is_applied_without_writing_into_the_weight(conv):
    # torch.func differentiates a function of the parameters: writing into them in a forward pass raises there.
    x = torch.randn(3, conv.weight.shape[1], 4, 4, dtype=torch.float64)
    parameters = dict(conv.named_parameters())

    def loss(parameters, image):
        return torch.func.functional_call(conv, parameters, image[None]).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(parameters, x)
    assert each["weight"].shape == (3, *conv.weight.shape)
    assert set(conv.state_dict()) == {"weight", "bias"}  # a checkpoint holds no masks


def test_outputs_start_with_the_variance_that_their_visible_inputs_give():
    torch.manual_seed(0)
    conv = MaskedConv2d(30, 3000, 3, "B", 3).double()
    variance = conv(torch.ones(1, 30, 3, 3).double())[0, :, 1, 1].view(-1, 3).var(dim=0)
    # Each visible weight has variance 1 / (3 n), n of them are added; 1,000 outputs a channel: 6 standard errors.
    torch.testing.assert_close(variance, torch.full((3,), 1 / 3).double(), rtol=6 * (2 / 1000) ** 0.5, atol=0)


@torch.no_grad()
def test_a_cached_row_is_the_convolutions_row(conv):
    if not isinstance(conv, VerticalConv2d):
        pytest.skip("only the vertical stack is evaluated by rows")
    x = torch.randn(2, conv.weight.shape[1], 9, 5, dtype=torch.float64)
    cache, expected = RowCache(conv, 2, 5), conv(x)
    for row in range(9):
        before = (
            row - conv.first
        )  # the first one reads the rows above: it is given the row that has just been drawn
        values = x[:, :, before] if before >= 0 else torch.zeros_like(x[:, :, 0])
        torch.testing.assert_close(cache.row(values), expected[:, :, row])


@torch.no_grad()
def test_a_cached_pixel_is_the_convolutions_pixel(conv):
    if isinstance(conv, VerticalConv2d):
        pytest.skip("the vertical stack is evaluated by rows")
    x = torch.randn(2, conv.weight.shape[1], 6, 5, dtype=torch.float64)
    cache, expected = RowCache(conv, 2, 5), conv(x)
    for row in range(6):
        if row:
            cache.next_row()
        for column in range(5):
            actual = cache.pixel(column, x[:, :, row, column])
            torch.testing.assert_close(actual, expected[:, :, row, column])


@pytest.mark.parametrize("size", [0, 2, -1])
def test_an_even_kernel_is_told(size):
    for make in (lambda: MaskedConv2d(1, 1, size, "A"), lambda: VerticalConv2d(1, 1, size)):
        with pytest.raises(ValueError, match=rf"^kernel_size must be odd, .*; got {size}$"):
            make()


def test_an_unknown_mask_is_told():
    with pytest.raises(ValueError, match=r"^kind must be one of A, B; got 'C'$"):
        causal_mask(3, "C", 1, 1)


def test_a_first_vertical_convolution_of_size_one_is_told():
    with pytest.raises(
        ValueError, match=r"^kernel_size must be at least 3 in the first vertical convolution"
    ):
        VerticalConv2d(1, 1, 1, first=True)
