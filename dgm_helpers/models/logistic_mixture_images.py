"""What PixelCNN++ and PixelSNAIL have in common: a pixel is a mixture of discretized logistics, given all before it."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.layers import shifted_conv
from dgm_helpers.layers.row_cache import Apply, convolve
from dgm_helpers.layers.shifted_conv import ShiftedConv2d
from dgm_helpers.models.autoregressive_images import (
    labels_of_all,
    likelihood_loss,
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
from dgm_helpers.objectives.pixel_levels import centered, draw_uniforms, levels_of
from dgm_helpers.runtime import evaluation_mode


class LogisticMixtureModel(Configured, nn.Module, ABC):
    """Autoregressive model of square images; a subclass is a network that computes the mixtures.

    Args:
        image_size: height and width of what is sampled.
        image_channels: 1 for grey, 3 for colour.
        levels: values that a sub-pixel takes, stored as k / (levels - 1).
        mixtures: components of a pixel's mixture.
        classes: number of classes; 0 for an unconditional model.

    Attributes:
        output: the last layer, which a subclass makes by :meth:`output_layer`.
        cache: of the model, a number of images and their labels: its mixtures at one pixel after another.
        multiple: height and width of an image are multiples of it.

    Raises:
        ValueError: if there are fewer than two levels.
    """

    output: ShiftedConv2d
    cache: Callable[[nn.Module, int, Tensor | None], Callable[[Tensor, int, int], Mixture]]
    multiple = 1

    def __init__(
        self, *, image_size: int, image_channels: int, levels: int, mixtures: int, classes: int
    ) -> None:
        super().__init__()
        require_levels(levels)
        self.image_shape = (image_channels, image_size, image_size)
        self.levels, self.mixtures, self.classes = levels, mixtures, classes

    def output_layer(self, channels: int) -> ShiftedConv2d:
        """From so many features to the numbers of a mixture."""
        numbers = mixture_size(self.mixtures, self.image_shape[0])
        return ShiftedConv2d(channels, numbers, (1, 1), "down_right", init_scale=0.1)

    def read_mixture(
        self, features: Float[Tensor, "batch features *space"], apply: Apply = convolve
    ) -> Mixture:
        """The mixtures of the pixels with these last features."""
        return split_mixture(apply(self.output, F.elu(features)), self.mixtures, self.image_shape[0])

    @abstractmethod
    def mixture(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Mixture:
        """Each pixel's mixture given all earlier pixels: logits, means, log-scales, coefficients; ``x`` in [-1, 1]."""

    def log_prob(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, " batch"]:
        """log p(x), or log p(x|label), in nats; in training with dropout, drawn from the generator.

        Raises:
            ValueError: as for :meth:`mixture`, or if a pixel is none of the levels.
        """
        levels_of(x, self.levels)
        x = centered(x)
        return pixel_log_prob(x, self.mixture(x, label, generator), self.levels).flatten(1).sum(dim=1)

    def loss(
        self,
        batch: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """Mean of -log p(x), in nats, and the same in bits per dimension."""
        return likelihood_loss(self.log_prob(batch, label, generator), batch)

    def initialize(
        self,
        batch: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Scale all convolutions to a first batch, before training; the generator draws what dropout leaves out."""
        shifted_conv.initialize(self, lambda x: self.mixture(x, label, generator), centered(batch))

    @torch.no_grad()
    def sample(
        self,
        n: int,
        label: int | Int[Tensor, "{n}"] | None = None,
        generator: torch.Generator | None = None,
        *,
        cached: bool = True,
    ) -> Float[Tensor, "{n} channels height width"]:
        """Draw ``n`` images, without dropout, also from a model in training mode.

        Args:
            n: number of images.
            label: of all images, or of each; None for an unconditional model.
            generator: draws the uniform numbers, all at the start.
            cached: evaluate only what a new pixel changes. Otherwise each pixel costs a pass over the rows up to it;
                the images are the same but for rounding.

        Raises:
            ValueError: if a label is missing, or none of the classes, or given to an unconditional model.
        """
        weight = self.output.bias
        label = labels_of_all(label, n, weight.device)
        require_label(label, self.classes, n)
        channels, height, width = self.image_shape
        uniforms = draw_uniforms((n, channels + 1, height, width), weight, generator)

        def mixture_at(x: Tensor, row: int, column: int) -> list[Tensor]:
            rows = (row // self.multiple + 1) * self.multiple
            return [part[..., row, column] for part in self.mixture(x[:, :, :rows], label)]

        function = self.cache(self, n, label) if cached else mixture_at
        with evaluation_mode(self):
            return (draw_pixels_in_raster_order(function, uniforms, self.levels) + 1) / 2
