r"""Gated PixelCNN: a vertical and a horizontal stack without a blind spot, gated, and conditional on a class.

A. van den Oord, N. Kalchbrenner, O. Vinyals, L. Espeholt, A. Graves and K. Kavukcuoglu, *Conditional Image Generation
with PixelCNN Decoders*, NIPS 2016 (arXiv 1606.05328). The gated activation is their eq. 2, with a class h eq. 4:

.. math:: y = \tanh(W_{k,f} * x + V_{k,f}^\top h) \odot \sigma(W_{k,g} * x + V_{k,g}^\top h)

and the conditional likelihood their eq. 3, :math:`p(x|h) = \prod_i p(x_i | x_1, \dots, x_{i-1}, h)`. A layer is figure
2: the vertical stack reads whole rows above, the horizontal one reads it and the pixels to the left, and nothing goes
back. Only the horizontal stack has a residual connection. Aims at 3.03 bits per dimension on CIFAR-10.

Departs from the paper in: h is a class; both stacks of a layer share the same V; skip connections
from every layer to the output; features belong to the colors in turn (f mod 3), not in thirds; pixels are
read in [-1, 1], so that the padding is not black; Adam.
"""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.gated_stacks import Conditions, GatedStacks
from dgm_helpers.layers.gated_stacks_cache import GatedStacksCache
from dgm_helpers.models.autoregressive_images import (
    ConditionalImages,
    require_channels,
    require_label,
    require_levels,
)
from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.pixel_levels import centered, draw_in_raster_order, level_log_prob


class GatedPixelCNN(Configured, ConditionalImages, GatedStacks):
    """Gated PixelCNN of square images.

    Args:
        image_size: height and width of sampled images; any size can be evaluated.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        channels: features p of each stack, a multiple of ``image_channels``.
        layers: number of gated layers.
        kernel_size: n of the layers' n×n and 1×n convolutions.
        first_kernel_size: n of the first layer.
        classes: number of classes; 0 for an unconditional model.

    Raises:
        ValueError: if there are fewer than two levels or no layers, the features cannot be split among the channels, a
            kernel size is even, or the first is 1.
    """

    def __init__(
        self,
        *,
        image_size: int = 28,
        image_channels: int = 1,
        levels: int = 2,
        channels: int = 32,
        layers: int = 5,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        classes: int = 0,
    ) -> None:
        require_levels(levels)
        if channels % image_channels:
            raise ValueError(
                f"channels must be a multiple of image_channels, {image_channels}, got {channels}"
            )
        super().__init__(
            image_channels, image_channels * (1 if levels == 2 else levels), channels=channels, layers=layers,
            kernel_size=kernel_size, first_kernel_size=first_kernel_size, image_channels=image_channels,
            classes=classes,
        )  # fmt: skip
        self.image_shape, self.levels = (image_channels, image_size, image_size), levels
        self.classes = classes

    def logits(
        self, x: Float[Tensor, "batch channels height width"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch outputs channels height width"]:
        """Return the logits of each sub-pixel given all earlier ones: one for a Bernoulli, else one per level.

        Raises:
            ValueError: if the images have a different number of channels than the model, or if a label is missing, is
                not one of the classes, or is given to an unconditional model.
        """
        return self.logits_given(x, self.conditions(label, len(x)))

    def logits_given(
        self, x: Float[Tensor, "batch channels height width"], conditions: Conditions
    ) -> Float[Tensor, "batch outputs channels height width"]:
        """Return the logits, given the conditions in each layer's gates: of a class, or of anything else."""
        require_channels(x, self.image_shape[0])
        output = self(centered(x), conditions)
        return rearrange(output, "b (k c) h w -> b k c h w", c=self.image_shape[0])

    def conditions(self, label: Int[Tensor, " batch"] | None, n: int) -> Conditions:
        r"""Return :math:`V_k^\top h` of each layer k for ``n`` images, or None without classes."""
        require_label(label, self.classes, n)
        return [None if label is None else layer.condition(label) for layer in self.layers]

    def log_prob(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, " batch"]:
        """Return log p(x), or log p(x|label), in nats; there is no noise to draw.

        Raises:
            ValueError: as for :meth:`logits`, or if a pixel is not one of the levels.
        """
        return level_log_prob(x, self.logits(x, label), self.levels)

    def draw(
        self,
        uniforms: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None,
        *,
        cached: bool,
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the images that uniform numbers, one per sub-pixel, turn into."""
        return self.sample_given(uniforms, self.conditions(label, len(uniforms)), cached=cached)

    @torch.no_grad()
    def sample_given(
        self, uniforms: Float[Tensor, "batch channels height width"], conditions: Conditions, *, cached: bool
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the images that uniform numbers, one per sub-pixel, turn into, given the gates' conditions."""
        channels, _, width = self.image_shape
        cache = GatedStacksCache(self, len(uniforms), width, conditions, read=centered) if cached else None

        def logits_at(x: Tensor, channel: int, row: int, column: int) -> Float[Tensor, "batch outputs"]:
            if cache is None:
                return self.logits_given(x, conditions)[:, :, channel, row, column]
            return cache(x, row, column, again=channel > 0)[:, channel::channels]

        return draw_in_raster_order(logits_at, uniforms, self.levels)


PRESETS = {
    # Section 3.1, for ImageNet: 20 layers of 384 units and filters of 5×5. The paper does not state the first layer's
    # 7×7, which is that of the PixelCNN (van den Oord et al. 2016, table 1), nor the network that reached 3.03 bits per
    # dimension on CIFAR-10.
    "paper": {
        "image_size": 32,
        "image_channels": 3,
        "levels": 256,
        "channels": 384,
        "layers": 20,
        "kernel_size": 5,
    },
    "laptop": {"image_size": 28, "levels": 2, "channels": 16, "layers": 5, "kernel_size": 5},
    # The trained model that comes with the package: digits of a class, in ten minutes on one core.
    "conditional": {
        "image_size": 28,
        "levels": 2,
        "channels": 24,
        "layers": 6,
        "kernel_size": 5,
        "classes": 10,
    },
}

TRAINING = {
    # Section 3.1, for ImageNet: 200,000 updates on batches of 128 in total, over 32 GPUs. The paper states no numbers
    # for CIFAR-10, and no learning rate: ours.
    "paper": {"data": "cifar10", "steps": 200_000, "batch_size": 128, "learning_rate": 1e-4},
    "laptop": {"data": "mnist_10k", "steps": 900, "batch_size": 16, "learning_rate": 1e-2, "transform": binarize,
               "weight_average": 0.998},
    "conditional": {"data": "mnist_10k", "steps": 2000, "batch_size": 32, "learning_rate": 3e-3, "transform": binarize,
                    "weight_average": 0.995},
}  # fmt: skip
