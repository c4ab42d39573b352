"""Networks of encoders and decoders: perceptrons for vectors, strided convolutions and their mirrors for images."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.kernels.linear import Linear
from dgm_helpers.objectives.pixel_levels import centered

# In place: the layer before it needs its own input for the gradient, never its output.
ReLU = partial(nn.ReLU, inplace=True)


def perceptron(sizes: Sequence[int], activation: Callable[[], nn.Module] = nn.Tanh) -> nn.Sequential:
    """Return linear layers of these sizes, with activations between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def strided_convolutions(maps: Sequence[int]) -> list[nn.Module]:
    """Return 4×4 convolutions from each number of feature maps to the next, with stride 2, each with a ReLU."""
    convolutions = [nn.Conv2d(*sizes, 4, stride=2, padding=1) for sizes in pairwise(maps)]
    return [layer for convolution in convolutions for layer in (convolution, ReLU())]


def transposed_convolutions(
    maps: Sequence[int], activation: Callable[[], nn.Module] = ReLU
) -> list[nn.Module]:
    """Return the mirror of :func:`strided_convolutions`: each doubles height and width, and has an activation."""
    convolutions = [nn.ConvTranspose2d(*sizes, 4, stride=2, padding=1) for sizes in pairwise(maps)]
    return [layer for convolution in convolutions for layer in (convolution, activation())]


class ToMaps(nn.Module):
    """Layer from flat images to square maps whose channels are next to each other in memory.

    Convolutions on a CPU use such maps directly, while others would first be reordered.

    Args:
        channels: number of channels of the maps.
        size: height and width.
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.channels, self.size = channels, size

    def forward(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch channels height width"]:
        """Return the maps."""
        # A view last: with a single channel, anything else would leave strides that do not show the order.
        pixels = rearrange(x, "b (c p) -> b (p c)", c=self.channels)
        return pixels.view(-1, self.size, self.size, self.channels).permute(0, 3, 1, 2)


class Centered(nn.Module):
    """:func:`~dgm_helpers.objectives.pixel_levels.centered` as a layer."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return pixels in [-1, 1]."""
        return centered(x)


def image_encoder(
    channels: int, size: int, maps: Sequence[int], hidden: Sequence[int], outputs: int
) -> nn.Sequential:
    """Return a network from flat images: convolutions to these feature maps, if any, then a perceptron with ReLU.

    Raises:
        ValueError: if the images cannot be halved as often as there are convolutions.
    """
    features = (maps[-1] if maps else channels) * smallest_map(size, maps) ** 2
    layers: list[nn.Module] = []
    if maps:
        layers.append(ToMaps(channels, size))
        layers += [*strided_convolutions((channels, *maps)), nn.Flatten()]
    return nn.Sequential(*layers, *perceptron((features, *hidden, outputs), ReLU))


def image_decoder(
    channels: int,
    size: int,
    maps: Sequence[int],
    hidden: Sequence[int],
    latent_dim: int,
    activation: Callable[[], nn.Module] = ReLU,
) -> nn.Sequential:
    """Return a network to flat images: the mirror of :func:`image_encoder`, with its arguments and errors."""
    small = smallest_map(size, maps)
    features = (maps[-1] if maps else channels) * small**2
    layers = [*perceptron((latent_dim, *hidden, features), activation)]
    if maps:
        layers += [activation(), ToMaps(maps[-1], small)]
        layers += [*transposed_convolutions((*reversed(maps), channels), activation)[:-1], nn.Flatten()]
    return nn.Sequential(*layers)


def smallest_map(size: int, maps: Sequence[int]) -> int:
    """Return the side of the last feature maps.

    Raises:
        ValueError: if the size cannot be halved once per entry of ``maps``.
    """
    if size % 2 ** len(maps) or size < 2 ** len(maps):
        raise ValueError(
            f"the image size must be a multiple of {2 ** len(maps)} for {len(maps)} strides of 2, got {size}"
        )
    return size // 2 ** len(maps)
