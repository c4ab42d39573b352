"""PixelSNAIL: attention reaches every earlier pixel, positions of every size, presets."""

import torch
from autoregressive import build, influence, outputs, random_images

from dgm_helpers.layers.snail_block import positions
from dgm_helpers.models.pixelsnail import PRESETS, PixelSNAIL


def test_every_earlier_pixel_is_seen_through_one_attention():
    model = build("snail", image_size=9, blocks=1)
    images = random_images(model, 3)
    number = torch.arange(81).view(9, 9)
    for row, column in ((8, 8), (8, 0), (4, 5), (0, 3)):
        seen = influence(lambda x, r=row, c=column: outputs(model, x)[..., r, c].sum(dim=1), images)[0, 0] > 0
        assert torch.equal(seen, number < 9 * row + column), (row, column)


def test_positions_are_fractions_of_the_image_at_every_size():
    for size in (1, 2, 49, 98, 103, 107, 196):
        grid = positions(torch.zeros(1, 1, size, size), size)
        assert grid.shape == (1, 2, size, size)
        torch.testing.assert_close(grid[0, 0, :, 0], torch.arange(size) / size - 0.5)
        assert torch.equal(grid[0, 1], grid[0, 0].T)


def test_the_rows_above_do_not_depend_on_how_many_rows_are_evaluated():
    model = build("snail", image_size=6)
    x = random_images(model, 2)
    torch.testing.assert_close(outputs(model, x[:, :, :4]), outputs(model, x)[:, :, :, :4])


def test_the_paper_preset_has_the_released_sizes():
    with torch.device("meta"):
        model = PixelSNAIL(**PRESETS["paper"])
    assert (
        len(model.blocks) == 12 and model.blocks[0].sizes == [16, 128] and len(model.blocks[0].residuals) == 4
    )
    assert model.output.bias.shape == (100,)


def test_the_laptop_preset_models_gray_mnist():
    model = PixelSNAIL(**PRESETS["laptop"])
    assert model.log_prob(torch.zeros(2, 1, 28, 28)).shape == (2,)


@torch.no_grad()
def test_keys_and_values_are_made_of_image_features_and_position_and_queries_of_the_last_two():
    model = build("snail")
    block = model.blocks[0]
    x, features, position = torch.randn(2, 1, 3, 3), torch.randn(2, 4, 3, 3), torch.randn(2, 2, 3, 3)
    parts = [part.double() for part in (x, features, position)]
    offered, asked = torch.cat(block.offer(*parts), dim=1), block.ask(*parts[1:])
    assert offered.shape == (2, 3 + 4, 3, 3) and asked.shape == (2, 3, 3, 3)
    for i in range(3):
        changed = [part + 1 if i == j else part for j, part in enumerate(parts)]
        assert (torch.cat(block.offer(*changed), dim=1) != offered).all()
        assert i == 0 or (block.ask(*changed[1:]) != asked).all()
