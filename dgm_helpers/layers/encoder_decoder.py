"""Networks of encoders and decoders: perceptrons for vectors, strided convolutions and their mirrors for images."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from einops.layers.torch import Rearrange
from torch import nn


def perceptron(sizes: Sequence[int], activation: Callable[[], nn.Module] = nn.Tanh) -> nn.Sequential:
    """Linear layers of these sizes, with activations between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def strided_convolutions(maps: Sequence[int]) -> list[nn.Module]:
    """4×4 convolutions from each number of feature maps to the next, of stride 2, each with a ReLU."""
    convolutions = [nn.Conv2d(*sizes, 4, stride=2, padding=1) for sizes in pairwise(maps)]
    return [layer for convolution in convolutions for layer in (convolution, nn.ReLU())]


def transposed_convolutions(
    maps: Sequence[int], activation: Callable[[], nn.Module] = nn.ReLU
) -> list[nn.Module]:
    """The mirror of :func:`strided_convolutions`: each doubles height and width, and has an activation."""
    convolutions = [nn.ConvTranspose2d(*sizes, 4, stride=2, padding=1) for sizes in pairwise(maps)]
    return [layer for convolution in convolutions for layer in (convolution, activation())]


def image_encoder(
    channels: int, size: int, maps: Sequence[int], hidden: Sequence[int], outputs: int
) -> nn.Sequential:
    """From flat images: convolutions to these feature maps, if any, then a perceptron with ReLU.

    Raises:
        ValueError: if the images cannot be halved as often as there are convolutions.
    """
    features = (maps[-1] if maps else channels) * smallest_map(size, maps) ** 2
    layers: list[nn.Module] = []
    if maps:
        layers.append(Rearrange("b (c h w) -> b c h w", c=channels, h=size))
        layers += [*strided_convolutions((channels, *maps)), nn.Flatten()]
    return nn.Sequential(*layers, *perceptron((features, *hidden, outputs), nn.ReLU))


def image_decoder(
    channels: int,
    size: int,
    maps: Sequence[int],
    hidden: Sequence[int],
    latent_dim: int,
    activation: Callable[[], nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """To flat images: the mirror of :func:`image_encoder`, whose arguments and errors it has."""
    small = smallest_map(size, maps)
    features = (maps[-1] if maps else channels) * small**2
    layers = [*perceptron((latent_dim, *hidden, features), activation)]
    if maps:
        layers += [activation(), Rearrange("b (c h w) -> b c h w", c=maps[-1], h=small)]
        layers += [*transposed_convolutions((*reversed(maps), channels), activation)[:-1], nn.Flatten()]
    return nn.Sequential(*layers)


def smallest_map(size: int, maps: Sequence[int]) -> int:
    """Side of the last feature maps.

    Raises:
        ValueError: if halving does not come out even.
    """
    if size % 2 ** len(maps) or size < 2 ** len(maps):
        raise ValueError(
            f"images of {size} pixels a side: {len(maps)} strides of 2 need a multiple of {2 ** len(maps)}"
        )
    return size // 2 ** len(maps)
