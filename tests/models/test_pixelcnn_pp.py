"""PixelCNN++: its streams and resolutions, dropout, initialization, classes."""

import pytest
import torch
from autoregressive import build, influence, labels, outputs, random_images

from dgm_helpers.models.pixelcnn_pp import PRESETS, PixelCNNPP


@pytest.mark.parametrize("scales", [1, 2, 3])
def test_every_earlier_pixel_of_a_small_image_is_seen(scales):
    model = build("plus plus", image_size=8, scales=scales, blocks=2)
    images = random_images(model, 3)
    for row, column in ((7, 7), (4, 2), (5, 3), (3, 0)):
        seen = influence(lambda x, r=row, c=column: outputs(model, x)[..., r, c].sum(dim=1), images)[0, 0] > 0
        number = torch.arange(64).view(8, 8)
        assert torch.equal(seen, number < 8 * row + column), (row, column)


@pytest.mark.parametrize("name", ["plus plus", "snail"])
def test_dropout_is_drawn_from_the_generator(name):
    # All of it: what came from elsewhere would differ between two calls with one seed.
    model = build(name, image_size=8).train()
    x = random_images(model, 2)

    def loss(seed):
        return model.loss(x, generator=torch.Generator().manual_seed(seed))["loss"].item()

    assert loss(1) == loss(1) != loss(2)


@pytest.mark.parametrize("name", ["plus plus", "snail"])
@pytest.mark.parametrize("cached", [True, False])
def test_nothing_is_dropped_from_samples_though_the_model_is_in_training_mode(name, cached):
    model = build(name, image_size=4)
    expected = model.sample(5, generator=torch.Generator().manual_seed(1))
    state = torch.get_rng_state()
    model.train()
    model.output.eval()  # each part comes back in its own mode
    assert torch.equal(model.sample(5, generator=torch.Generator().manual_seed(1), cached=cached), expected)
    assert torch.equal(torch.get_rng_state(), state)
    assert {part for part in model.modules() if not part.training} == set(model.output.modules())


def test_initialization_scales_the_output_to_a_first_batch():
    torch.manual_seed(0)
    model = PixelCNNPP(image_size=8, image_channels=1, channels=8, blocks=1, scales=2, dropout=0.0).double()
    x = random_images(model, 32)
    seen = []
    model.output.register_forward_hook(lambda _, __, value: seen.append(value))
    model.initialize(x)
    model.log_prob(x)
    torch.testing.assert_close(seen[-1].mean(dim=(0, 2, 3)), torch.zeros(30).double(), rtol=0, atol=1e-6)
    torch.testing.assert_close(
        seen[-1].std(dim=(0, 2, 3)), torch.full((30,), 0.1).double(), rtol=0.05, atol=0
    )


def test_a_size_that_the_strides_do_not_divide_is_told():
    model = build("plus plus")
    with pytest.raises(ValueError, match=r"^height and width must be multiples of 2, got 3 and 4$"):
        model.log_prob(torch.zeros(1, 1, 3, 4).double())
    # And at once where it is the size of what would be sampled.
    for size, scales in ((30, 3), (8, 0)):
        with pytest.raises(
            ValueError, match=rf"^scales must be at least 1 and image_size .*, got {scales} and {size}$"
        ):
            PixelCNNPP(image_size=size, scales=scales)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("conditional plus plus", "needs a label for each image"),
        ("conditional snail", "needs a label for each image"),
        ("plus plus", "is unconditional: it takes no labels"),
        ("snail", "is unconditional: it takes no labels"),
    ],
)
def test_a_label_too_many_or_too_few_is_told(name, problem):
    model = build(name)
    label = None if labels(model, 1) else 1
    for cached in (True, False):
        with pytest.raises(ValueError, match=f"^this model {problem}$"):
            model.sample(2, label, cached=cached)
    with pytest.raises(ValueError, match=f"^this model {problem}$"):
        model.loss(random_images(model, 2), None if label is None else torch.tensor([1, 1]))


@pytest.mark.parametrize("name", ["conditional plus plus", "conditional snail"])
def test_classes_have_different_distributions(name):
    model = build(name)
    x = random_images(model, 5)
    one, two = (model.log_prob(x, torch.full((5,), label)) for label in (1, 2))
    assert (one != two).all()


def test_the_paper_preset_has_the_papers_blocks():
    with torch.device("meta"):
        model = PixelCNNPP(**PRESETS["paper"])
    assert [len(blocks) for blocks in model.down] == [5, 5, 5] and [len(blocks) for blocks in model.up] == [
        6,
        6,
        5,
    ]
    assert model.output.bias.shape == (100,)


def test_the_laptop_preset_models_gray_mnist():
    model = PixelCNNPP(**PRESETS["laptop"])
    assert model.log_prob(torch.zeros(2, 1, 28, 28)).shape == (2,)
