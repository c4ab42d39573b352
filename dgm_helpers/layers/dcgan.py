r"""Networks of an adversarial game: strided convolutions for images, perceptrons for vectors.

A. Radford, L. Metz and S. Chintala, *Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks*, ICLR 2016 (arXiv 1511.06434), section 3: no pooling, batch normalization everywhere except in the
generator's output and the discriminator's input, ReLU in the generator, leaky ReLU (0.2) in the discriminator, weights
from N(0, 0.02). The hidden layers between latents and convolutions are those of InfoGAN's networks.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn

from dgm_helpers.kernels.linear import Linear

OUTPUTS = ("sigmoid", "linear")
LEAK = 0.2  # slope of the leaky ReLU

Normalization = Callable[[int, int], nn.Module]  # of a number of features, in a number of spatial dimensions


def batch_norm(features: int, space: int) -> nn.Module:
    """Return batch normalization of vectors (``space`` 0) or images (2)."""
    return nn.BatchNorm2d(features) if space else nn.BatchNorm1d(features)


def no_norm(features: int, space: int) -> nn.Module:
    """Return a layer that does nothing."""
    return nn.Identity()


def generator_network(
    latent_dim: int,
    data_shape: Sequence[int],
    channels: Sequence[int],
    hidden: Sequence[int],
    output: str,
    normalization: Normalization,
) -> nn.Sequential:
    """Return a network from latents to data: hidden layers, then transposed convolutions that double the size.

    Args:
        latent_dim: size of the latent vector.
        data_shape: shape of a data point; (image channels, height, width) if there are convolutions.
        channels: feature maps of the discriminator's convolutions, mirrored here; none for a perceptron.
        hidden: units of the discriminator's hidden layers, mirrored here.
        output: ``"sigmoid"`` for pixels in [0, 1], ``"linear"`` for real data.
        normalization: function that builds the normalization of each layer except the last.

    Raises:
        ValueError: if the output is not one of those listed, or the images cannot be halved by every convolution.
    """
    if output not in OUTPUTS:
        raise ValueError(f"output must be one of {', '.join(OUTPUTS)}; got {output!r}")
    small = _smallest_map(data_shape, channels)
    layers: list[nn.Module] = []
    widths = [latent_dim, *reversed(hidden), *([math.prod(small)] if channels else [])]
    for inputs, units in pairwise(widths):
        layers += [Linear(inputs, units), normalization(units, 0), nn.ReLU()]
    if channels:
        layers.append(nn.Unflatten(1, small))
        for inputs, maps in pairwise(reversed(channels)):
            layers += [
                nn.ConvTranspose2d(inputs, maps, 4, stride=2, padding=1),
                normalization(maps, 2),
                nn.ReLU(),
            ]
        layers.append(nn.ConvTranspose2d(channels[0], data_shape[0], 4, stride=2, padding=1))
    else:
        layers += [Linear(widths[-1], math.prod(data_shape)), nn.Unflatten(1, tuple(data_shape))]
    network = nn.Sequential(*layers, nn.Sigmoid() if output == "sigmoid" else nn.Identity())
    return _initialized(network) if channels else network


def discriminator_trunk(
    data_shape: Sequence[int], channels: Sequence[int], hidden: Sequence[int], normalization: Normalization
) -> tuple[nn.Sequential, int]:
    """Return a network from data to features, convolutions that halve the size and hidden layers; and their number.

    The number is that of the features. Without batch normalization the weights are initialized as torch does: with
    N(0, 0.02) the features would be tiny.

    Arguments and errors are those of :func:`generator_network`.
    """
    layers: list[nn.Module] = []
    for inputs, maps in pairwise([data_shape[0], *channels]):
        first = not layers
        layers += [nn.Conv2d(inputs, maps, 4, stride=2, padding=1),
                   nn.Identity() if first else normalization(maps, 2), nn.LeakyReLU(LEAK)]  # fmt: skip
    layers.append(nn.Flatten())
    features = math.prod(_smallest_map(data_shape, channels))
    for units in hidden:
        first = len(layers) == 1
        layers += [Linear(features, units), nn.Identity() if first else normalization(units, 0),
                   nn.LeakyReLU(LEAK)]  # fmt: skip
        features = units
    network = nn.Sequential(*layers)
    return (_initialized(network) if normalization is batch_norm and channels else network), features


def _smallest_map(data_shape: Sequence[int], channels: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of the features after all convolutions."""
    if not channels:
        return tuple(data_shape)
    factor = 2 ** len(channels)
    if len(data_shape) != 3 or data_shape[1] % factor or data_shape[2] % factor:
        raise ValueError(
            f"data_shape must be (channels, height, width) with sides that are multiples of {factor} for "
            f"{len(channels)} strided convolutions, got {tuple(data_shape)}"
        )
    return (channels[-1], data_shape[1] // factor, data_shape[2] // factor)


def _initialized(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    return network
