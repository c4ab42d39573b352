"""PixelCNN: its table 1, its receptive field with the blind spot, and its residual blocks."""

import pytest
import torch
from autoregressive import build, influence, random_images

from dgm_helpers.layers.row_cache import convolve
from dgm_helpers.models.pixelcnn import PRESETS, PixelCNN

FIRST = {(row, column) for row in range(-3, 1) for column in range(-3, 4) if (row, column) < (0, 0)}
LATER = {(row, column) for row in range(-1, 1) for column in range(-1, 2) if (row, column) <= (0, 0)}


def reachable(blocks):
    """Offsets (row, column) that a stack of masked convolutions reaches: one step of each kernel after another."""
    offsets = FIRST
    for _ in range(blocks):
        offsets = {(r + dr, c + dc) for r, c in offsets for dr, dc in LATER}
    return offsets


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_the_receptive_field_is_that_of_the_masks_with_its_blind_spot(blocks):
    model = build("pixelcnn", image_size=13, blocks=blocks)
    row, column = 8, 6
    seen = influence(lambda x: model.logits(x)[:, 0, 0, row, column], random_images(model, 20))[0]
    expected = torch.zeros(13, 13, dtype=torch.bool)
    for dr, dc in reachable(blocks):
        if 0 <= row + dr < 13 and 0 <= column + dc < 13:
            expected[row + dr, column + dc] = True
    assert torch.equal(seen > 0, expected)
    reach = 3 + blocks
    everything = {(r, c) for r in range(-reach, 1) for c in range(-reach, reach + 1) if (r, c) < (0, 0)}
    blind = everything - reachable(blocks)
    assert bool(blind) == (blocks > 0)
    assert all(c > -r for r, c in blind)  # to the upper right


def test_a_residual_block_adds_its_input_once():
    # Adding it in the block and again in the model doubles the activations in every block.
    model = build("pixelcnn", blocks=15, image_size=8)
    with torch.no_grad():
        for block in model.blocks:
            block.expand.weight.zero_()
            block.expand.bias.zero_()
        x = random_images(model, 2)
        features = model.first(x)
        for block in model.blocks:
            features = block(features, convolve)
    assert torch.equal(features, model.first(x))


@torch.no_grad()
def test_the_network_is_table_one():
    # A 7 x 7 convolution of mask A, blocks of relu and convolution thrice, then relu and a 1 x 1 convolution twice.
    model = build("pixelcnn", image_size=8)
    x = random_images(model, 2)
    features = model.first(2 * x - 1)
    for block in model.blocks:
        hidden = block.middle(block.reduce(features.relu()).relu())
        features = features + block.expand(hidden.relu())
    expected = model.output(model.head(features.relu()).relu())
    torch.testing.assert_close(model.logits(x)[:, 0], expected)


def test_activations_and_logits_start_at_a_moderate_size():
    torch.manual_seed(0)
    model = PixelCNN(blocks=15)
    logits = model.logits(torch.rand(8, 1, 28, 28).round())
    assert logits.std() < 1 and logits.isfinite().all()


def test_the_paper_preset_is_table_one():
    model = PixelCNN(**PRESETS["paper"])
    assert (model.first.weight.shape[0], len(model.blocks), model.blocks[0].middle.weight.shape[:2]) == (
        256, 15, (128, 128),
    )  # fmt: skip
    assert model.head.weight.shape[:2] == (1024, 256) and model.output.weight.shape[:2] == (768, 1024)


def test_the_laptop_preset_models_binary_mnist():
    model = PixelCNN(**PRESETS["laptop"])
    assert model.log_prob(torch.zeros(2, 1, 28, 28)).shape == (2,)
    assert sum(parameter.numel() for parameter in model.parameters()) < 50_000
