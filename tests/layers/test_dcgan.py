"""Networks of adversarial games: which layers stand where, and the weights that they start from."""

import pytest
import torch
from torch import nn

from dgm_helpers.layers.dcgan import batch_norm, discriminator_trunk, generator_network, no_norm

SHAPE, CHANNELS, HIDDEN = (3, 16, 8), (4, 6), (10, 12)


def kinds(network):
    return [type(layer).__name__ for layer in network]


def weights(network):
    layers = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    return [tuple(layer.weight.shape) for layer in network if isinstance(layer, layers)]


def test_the_discriminator_halves_the_image_and_normalizes_everything_but_its_input():
    trunk, features = discriminator_trunk(SHAPE, CHANNELS, HIDDEN, batch_norm)
    assert kinds(trunk) == [
        "Conv2d", "Identity", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU", "Flatten",
        "Linear", "BatchNorm1d", "LeakyReLU", "Linear", "BatchNorm1d", "LeakyReLU",
    ]  # fmt: skip
    assert weights(trunk) == [(4, 3, 4, 4), (6, 4, 4, 4), (10, 6 * 4 * 2), (12, 10)] and features == 12
    assert {layer.negative_slope for layer in trunk if isinstance(layer, nn.LeakyReLU)} == {0.2}
    perceptron, _ = discriminator_trunk((5,), (), HIDDEN, batch_norm)
    assert kinds(perceptron)[1:6] == ["Linear", "Identity", "LeakyReLU", "Linear", "BatchNorm1d"]


def test_the_generator_is_its_mirror_and_normalizes_everything_but_its_output():
    network = generator_network(7, SHAPE, CHANNELS, HIDDEN, "sigmoid", batch_norm)
    assert kinds(network) == [
        *["Linear", "BatchNorm1d", "ReLU"] * 3, "Unflatten",
        "ConvTranspose2d", "BatchNorm2d", "ReLU", "ConvTranspose2d", "Sigmoid",
    ]  # fmt: skip
    # A transposed convolution's weight has its inputs first.
    assert weights(network) == [(12, 7), (10, 12), (48, 10), (6, 4, 4, 4), (4, 3, 4, 4)]
    perceptron = generator_network(7, (5,), (), HIDDEN, "linear", no_norm)
    assert weights(perceptron) == [(12, 7), (10, 12), (5, 10)] and kinds(perceptron)[-1] == "Identity"


def test_weights_start_from_a_narrow_normal_distribution_where_batches_are_normalized():
    wide, deep = (64, 128), (256,)
    trunk, _ = discriminator_trunk((1, 28, 28), wide, deep, batch_norm)
    generator = generator_network(70, (1, 28, 28), wide, deep, "sigmoid", batch_norm)
    for network in (trunk, generator):
        values = torch.cat([p.flatten() for p in network.parameters() if p.ndim > 1])
        # Over a million numbers: the standard error of their standard deviation is below 2e-5.
        assert values.std().item() == pytest.approx(0.02, abs=1e-4)
        assert all(layer.bias.eq(0).all() for layer in network if isinstance(layer, nn.Linear | nn.Conv2d))


def test_without_batch_normalization_a_discriminator_is_not_silenced():
    torch.manual_seed(0)
    trunk, _ = discriminator_trunk((1, 28, 28), (64, 128), (256,), no_norm)
    assert trunk(torch.rand(8, 1, 28, 28)).std() > 0.02  # 1e-3 from N(0, 0.02)
    perceptron, _ = discriminator_trunk((5,), (), (64,), batch_norm)
    assert perceptron[1].weight.std() > 0.1
