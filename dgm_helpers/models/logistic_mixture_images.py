"""The base class of PixelCNN++ and PixelSNAIL: a pixel is a mixture of discretized logistics, given all before it."""

from abc import abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.layers import shifted_conv
from dgm_helpers.layers.row_cache import Apply, convolve
from dgm_helpers.layers.shifted_conv import ShiftedConv2d
from dgm_helpers.models.autoregressive_images import (
    ConditionalImages,
    require_channels,
    require_label,
    require_levels,
)
from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.discretized_logistic import (
    Mixture,
    draw_pixels_in_raster_order,
    mixture_size,
    pixel_log_prob,
    split_mixture,
)
from dgm_helpers.objectives.pixel_levels import centered, levels_of
from dgm_helpers.runtime import evaluation_mode


class LogisticMixtureModel(Configured, ConditionalImages, nn.Module):
    """Autoregressive model of square images; a subclass defines the network that computes each pixel's features.

    Args:
        image_size: height and width of sampled images.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1).
        mixtures: number of components of a pixel's mixture.
        classes: number of classes; 0 for an unconditional model.

    Attributes:
        output: the last layer, which a subclass builds with :meth:`output_layer`.
        cache: function of the model, a number of images and their labels, that returns the function of the mixture at
            one pixel after another.
        multiple: number of which height and width of an image must be multiples.

    Raises:
        ValueError: if there are fewer than two levels.
    """

    output: ShiftedConv2d
    cache: Callable[[nn.Module, int, Tensor | None], Callable[[Tensor, int, int], Mixture]]
    multiple = 1
    extra_uniforms = 1  # draws the mixture's component

    def __init__(
        self, *, image_size: int, image_channels: int, levels: int, mixtures: int, classes: int
    ) -> None:
        super().__init__()
        require_levels(levels)
        self.image_shape = (image_channels, image_size, image_size)
        self.levels, self.mixtures, self.classes = levels, mixtures, classes

    def output_layer(self, channels: int) -> ShiftedConv2d:
        """Return the layer from a number of features to the numbers of a mixture."""
        numbers = mixture_size(self.mixtures, self.image_shape[0])
        return ShiftedConv2d(channels, numbers, (1, 1), "down_right", init_scale=0.1)

    def read_mixture(
        self, features: Float[Tensor, "batch features *space"], apply: Apply = convolve
    ) -> Mixture:
        """Return the mixtures of the pixels with these last features."""
        return split_mixture(apply(self.output, F.elu(features)), self.mixtures, self.image_shape[0])

    @abstractmethod
    def features(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None,
        generator: torch.Generator | None,
    ) -> Float[Tensor, "batch features height width"]:
        """Return the last features of each pixel of ``x`` in [-1, 1], from which its mixture is read."""

    def mixture(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Mixture:
        """Return each pixel's mixture given all earlier pixels, for ``x`` in [-1, 1].

        Returns:
            Logits, means, log-scales and coefficients.

        Raises:
            ValueError: if the number of channels differs from the model's, if the strides do not divide height and
                width, or if a label is missing, is not one of the classes, or is given to an unconditional model.
        """
        require_channels(x, self.image_shape[0])
        height, width = x.shape[2:]
        if height % self.multiple or width % self.multiple:
            raise ValueError(
                f"height and width must be multiples of {self.multiple}, got {height} and {width}"
            )
        require_label(label, self.classes, len(x))
        return self.read_mixture(self.features(x, label, generator))

    def log_prob(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, " batch"]:
        """Return log p(x), or log p(x|label), in nats; the generator draws dropout, in training.

        Raises:
            ValueError: as for :meth:`mixture`, or if a pixel is not one of the levels.
        """
        levels_of(x, self.levels)
        x = centered(x)
        return pixel_log_prob(x, self.mixture(x, label, generator), self.levels).flatten(1).sum(dim=1)

    def initialize(
        self,
        batch: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Scale all convolutions to a first batch, before training; the generator draws dropout."""
        shifted_conv.initialize(self, lambda x: self.mixture(x, label, generator), centered(batch))

    def draw(
        self,
        uniforms: Float[Tensor, "batch numbers height width"],
        label: Int[Tensor, " batch"] | None,
        *,
        cached: bool,
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the images that uniform numbers turn into, without dropout even from a model in training mode."""

        def mixture_at(x: Tensor, row: int, column: int) -> list[Tensor]:
            rows = (row // self.multiple + 1) * self.multiple
            return [part[..., row, column] for part in self.mixture(x[:, :, :rows], label)]

        function = self.cache(self, len(uniforms), label) if cached else mixture_at
        with evaluation_mode(self):
            return (draw_pixels_in_raster_order(function, uniforms, self.levels) + 1) / 2
