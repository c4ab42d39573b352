"""Gated PixelCNN: the gate, a receptive field without a blind spot, classes."""

import pytest
import torch
from autoregressive import all_images, build, influence, labels, random_images
from scipy import stats

from dgm_helpers import data
from dgm_helpers.layers.gated_stacks import gated_activation
from dgm_helpers.layers.gated_stacks_cache import RowOfPixels
from dgm_helpers.layers.masked_conv import HorizontalConv2d, VerticalConv2d, receptive_field
from dgm_helpers.layers.row_cache import convolve
from dgm_helpers.models.gated_pixelcnn import PRESETS, GatedPixelCNN
from dgm_helpers.training import fit


def seen_from(model, row, column, images, channel=0):
    """Which sub-pixels [channels, height, width] the logits of one sub-pixel depend on."""
    return influence(lambda x: model.logits(x)[:, :, channel, row, column].sum(dim=1), images) > 0


def field(size, row, column, reach):
    """Everything earlier that lies within ``reach`` of a pixel: rows above and the pixels to the left."""
    return receptive_field(size, size, reach, reach)[row, column]


@pytest.mark.parametrize(("layers", "kernel_size"), [(1, 3), (3, 3), (2, 5), (1, 1), (8, 3)])
def test_every_earlier_pixel_within_the_receptive_field_is_seen(layers, kernel_size):
    # The field is the whole rectangle above, and the left part of the row: no blind spot at any depth.
    model = build("gated", image_size=17, layers=layers, kernel_size=kernel_size)
    images = random_images(model, 8)  # so many that no path is cut by its ReLU in all of them
    for row, column in ((16, 8), (9, 3), (8, 16)):
        expected = field(17, row, column, reach=3 + layers * (kernel_size // 2))
        assert torch.equal(seen_from(model, row, column, images)[0], expected)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_sub_pixel_sees_the_earlier_channels_of_its_pixel_and_all_of_earlier_pixels(channel):
    model = build("gated in color", image_size=9, levels=4)
    seen = seen_from(model, 5, 4, random_images(model, 20), channel)
    expected = field(9, 5, 4, reach=5).expand(3, -1, -1).clone()
    expected[:channel, 5, 4] = True
    assert torch.equal(seen, expected)


class ShiftedInEveryLayer(torch.nn.Module):
    """A mistake: the n x n convolution shifted down a row in each layer, the own row let through by 1 x 1 alone."""

    def __init__(self, channels):
        super().__init__()
        self.shifted = VerticalConv2d(channels, 2 * channels, 3, first=True)
        self.own_row = VerticalConv2d(channels, 2 * channels, 1)

    def forward(self, x):
        return self.shifted(x) + self.own_row(x)


@pytest.mark.parametrize("layers", [2, 6])
def test_shifting_the_vertical_stack_in_every_layer_would_be_caught(layers):
    model = build("gated", image_size=15, layers=layers)
    for layer in model.layers:
        layer.vertical = ShiftedInEveryLayer(4).double()
    seen = seen_from(model, 14, 5, random_images(model, 8))[0]
    expected = field(15, 14, 5, reach=3 + layers)
    assert not (seen & ~expected).any()  # causal, and yet
    missing = expected & ~seen
    # to the right nothing of the row above is seen beyond the first kernel, at any depth: a triangle is missing.
    assert missing[13, 5:].nonzero().flatten().tolist() == list(range(4, min(10, 4 + layers)))


def test_the_vertical_stack_learns_nothing_from_the_horizontal_one():
    model = build("gated", image_size=9)
    images = random_images(model, 8)  # so many that no path is cut by its ReLU in all of them
    link = influence(
        lambda x: model.above(x, [None, None], lambda conv, v: conv(v))[-1][:, :, 5].sum(dim=1), images
    )
    assert link.amax(dim=(0, 1, 3)).gt(0).tolist() == [True] * 5 + [False] * 4  # rows above alone, any column


@torch.no_grad()
def test_the_residual_connection_is_the_horizontal_stacks_alone():
    layer = build("gated").layers[0]
    x, link = torch.randn(2, 4, 5, 5).double(), torch.randn(2, 8, 5, 5).double()
    gated = gated_activation(layer.horizontal(x) + link)
    residual, skip = layer.out(gated).chunk(2, dim=1)
    for found, expected in zip(layer.left(x, link, None, convolve), (x + residual, skip), strict=True):
        torch.testing.assert_close(found, expected)
    features, handed_over = layer.above(x, None, convolve)
    torch.testing.assert_close(features, gated_activation(layer.vertical(x)))
    torch.testing.assert_close(handed_over, layer.link(layer.vertical(x)))  # from before the gate: figure 2


@pytest.mark.parametrize("space", [(), (5,), (3, 7)])
def test_the_gate_is_the_papers_formula(space):
    features = torch.randn(2, 6, *space, dtype=torch.float64)
    condition = torch.randn(2, 6, dtype=torch.float64)
    f, g = features[:, :3], features[:, 3:]
    torch.testing.assert_close(gated_activation(features), torch.tanh(f) / (1 + torch.exp(-g)))
    shift = condition.view(2, 6, *[1] * len(space))
    expected = torch.tanh(f + shift[:, :3]) * torch.sigmoid(g + shift[:, 3:])
    torch.testing.assert_close(gated_activation(features, condition), expected)


def test_a_class_is_a_bias_in_every_gate_of_every_place():
    model = build("conditional", image_size=6)
    x = random_images(model, 1).expand(3, -1, -1, -1)
    logits = model.logits(x, torch.arange(3))
    assert (logits[0] != logits[1]).all() and (logits[1] != logits[2]).all()
    # The same network without classes, its convolutions' biases holding V of class 2.
    twin = build("gated", image_size=6)
    state = {name: value for name, value in model.state_dict().items() if "condition" not in name}
    for i, layer in enumerate(model.layers):
        shift = layer.condition.weight[2].detach()
        state[f"layers.{i}.horizontal.bias"] = state[f"layers.{i}.horizontal.bias"] + shift
        state[f"layers.{i}.vertical.bias"] = state[f"layers.{i}.vertical.bias"] + shift
        # What is handed over is taken before the gate, and must not carry the class a second time.
        link = state[f"layers.{i}.link.weight"][:, :, 0, 0]
        state[f"layers.{i}.link.bias"] = state[f"layers.{i}.link.bias"] - link @ shift
    twin.load_state_dict(state)
    torch.testing.assert_close(twin.logits(x[:1]), logits[2:])


@torch.no_grad()
def test_what_enters_the_gates_may_differ_from_place_to_place():
    model, (row, column) = build("gated", image_size=7), (3, 2)
    x, numbers = random_images(model, 2), [torch.randn(2, 8, dtype=torch.float64) for _ in model.layers]
    maps = [c[:, :, None, None].expand(-1, -1, 7, 7).clone() for c in numbers]
    everywhere = model.logits_given(x, numbers)
    torch.testing.assert_close(model.logits_given(x, maps), everywhere)
    for c in maps:
        c[:, :, row, column] += 1
    changed = (model.logits_given(x, maps) - everywhere).abs().amax(dim=(0, 1, 2)) > 1e-12
    # It reaches lower rows, and through the vertical stack its neighbors: two layers of 3 x 3.
    assert changed[row, column] and not changed[:row].any() and not changed[row, column + 3 :].any()


def test_a_first_kernel_of_another_size_sees_as_far_as_it_reaches():
    model = build("gated", image_size=11, layers=1, first_kernel_size=3)
    assert torch.equal(seen_from(model, 6, 5, random_images(model, 8))[0], field(11, 6, 5, reach=2))


@torch.no_grad()
def test_each_class_has_a_distribution_of_its_own_and_is_sampled_from_it():
    model = build("conditional")
    images = all_images(model)
    probabilities = torch.stack([model.log_prob(images, torch.full((16,), c)).exp() for c in range(3)])
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(3).double())
    label = torch.arange(3).repeat_interleave(4000)
    samples = model.sample(12_000, label, torch.Generator().manual_seed(1))
    number = (samples.flatten(1) @ torch.tensor([8.0, 4, 2, 1]).double()).long().view(3, 4000)
    for c in range(3):
        observed = torch.bincount(number[c], minlength=16).double()
        pvalues = [stats.chisquare(observed, 4000 * p / p.sum()).pvalue for p in probabilities]
        assert [p > 1e-6 for p in pvalues] == [c == other for other in range(3)]


def test_a_label_for_all_images_or_one_for_each():
    model = build("conditional")
    one, each = (
        model.sample(6, label, torch.Generator().manual_seed(1)) for label in (2, torch.full((6,), 2))
    )
    assert torch.equal(one, each)


@pytest.mark.parametrize(
    ("name", "label", "problem"),
    [
        ("conditional", None, "needs a label for each image"),
        ("gated", 1, "is unconditional: it takes no labels"),
    ],
)
def test_a_label_too_many_or_too_few_is_told(name, label, problem):
    model = build(name)
    with pytest.raises(ValueError, match=rf"^this model {problem}$"):
        model.sample(2, label)
    with pytest.raises(ValueError, match=rf"^this model {problem}$"):
        model.loss(random_images(model, 2), None if label is None else torch.tensor([label, label]))


def test_features_that_cannot_be_split_among_the_channels_are_told():
    with pytest.raises(ValueError, match=r"^channels must be a multiple of image_channels, 3, got 16$"):
        GatedPixelCNN(image_channels=3, channels=16)


def test_a_model_without_layers_is_told():
    with pytest.raises(ValueError, match=r"^layers must be at least 1, got 0$"):
        GatedPixelCNN(layers=0)


def test_classes_are_learned_by_the_training_loop():
    digits = data.load("digits")
    torch.manual_seed(0)
    x, y = digits.train[:16].round(), digits.train_labels[:16]
    model = GatedPixelCNN(image_size=8, channels=16, layers=2, classes=10)
    history = fit(model, x, labels=y, steps=150, batch_size=16, learning_rate=1e-2)
    assert history["loss"][-1] < 6
    wrong = model.log_prob(x, (y + 1) % 10)
    assert (model.log_prob(x, y) > wrong).all()


def test_the_paper_preset_has_the_papers_size():
    with torch.device("meta"):
        model = GatedPixelCNN(**PRESETS["paper"])
    assert len(model.layers) == 20 and model.layers[0].vertical.weight.shape == (768, 384, 3, 5)
    assert model.output.weight.shape[0] == 3 * 256


def test_the_laptop_preset_models_binary_mnist():
    model = GatedPixelCNN(**PRESETS["laptop"])
    assert model.log_prob(torch.zeros(2, 1, 28, 28), **labels(model, 2)).shape == (2,)


@pytest.mark.parametrize(("inputs", "size"), [(1, 7), (3, 3), (2, 1)])
def test_a_row_of_pixels_gives_the_convolution_at_each(inputs, size):
    torch.manual_seed(0)
    conv = HorizontalConv2d(inputs, 4, size, "B").double()
    torch.nn.init.normal_(conv.bias)
    row, x = RowOfPixels(conv, 2, 5), torch.randn(2, inputs, 2, 5, dtype=torch.float64)
    for r in range(2):  # the row before is no part of the next
        for column in range(5):
            row.pixels[column].copy_(x[:, :, r, column])
            answer = row.windows[column] @ row.matrix + row.bias
            torch.testing.assert_close(answer, conv(x)[:, :, r, column].detach())
