r"""PixelCNN++: a mixture of discretized logistics a pixel, on a network that halves and doubles its resolution.

T. Salimans, A. Karpathy, X. Chen and D. P. Kingma, *PixelCNN++: Improving the PixelCNN with Discretized Logistic
Mixture Likelihood and Other Modifications*, ICLR 2017 (arXiv 1701.05517). The likelihood is their eqs. 1 to 3,

.. math:: P(x_i|\mu, s) = \sum_m \pi_m \left[\sigma\Big(\frac{x_i + 1/255 - \mu_m}{s_m}\Big)
          - \sigma\Big(\frac{x_i - 1/255 - \mu_m}{s_m}\Big)\right]

whole pixels at a time, the means of G and B linear in the channels before. The network is figure 2: two streams, one of
the rows above (``above``), one of these and the pixels to the left (``left``); on the way down blocks and strides of 2,
on the way up blocks with short-cuts from their mirror images. Figure aimed at: 2.92 bits per dimension on CIFAR-10.

Departs from the paper in: no average of the weights over training (Polyak), which belongs to the training loop; its
learning-rate schedule likewise; a class enters as a learned vector.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.layers import shifted_conv
from dgm_helpers.layers.shifted_conv import (
    GatedResidual,
    ShiftedConv2d,
    ShiftedUpsample2d,
    shift_down,
    shift_right,
    with_ones,
)
from dgm_helpers.models.autoregressive_images import (
    labels_of_all,
    likelihood_loss,
    require_channels,
    require_label,
    require_levels,
)
from dgm_helpers.models.pixelcnn_pp_cache import PixelCNNPPCache
from dgm_helpers.objectives.discretized_logistic import (
    Mixture,
    draw_pixels_in_raster_order,
    mixture_size,
    pixel_log_prob,
    split_mixture,
)
from dgm_helpers.objectives.pixel_levels import centered, draw_uniforms, levels_of


class PixelCNNPP(nn.Module):
    """PixelCNN++ of square images.

    Args:
        image_size: height and width of what is sampled.
        image_channels: 1 for grey, 3 for colour.
        levels: values that a sub-pixel takes, stored as k / (levels - 1).
        channels: features of each stream.
        blocks: gated residual blocks at each resolution and on each way.
        scales: resolutions; height and width are multiples of 2 ** (scales - 1).
        mixtures: components of a pixel's mixture.
        dropout: probability of dropping an element inside a block.
        classes: number of classes; 0 for an unconditional model.

    Raises:
        ValueError: if there are fewer than two levels.
    """

    def __init__(
        self,
        *,
        image_size: int = 32,
        image_channels: int = 3,
        levels: int = 256,
        channels: int = 192,
        blocks: int = 5,
        scales: int = 3,
        mixtures: int = 10,
        dropout: float = 0.5,
        classes: int = 0,
    ) -> None:
        super().__init__()
        require_levels(levels)
        self.config = {"image_size": image_size, "image_channels": image_channels, "levels": levels,
                       "channels": channels, "blocks": blocks, "scales": scales, "mixtures": mixtures,
                       "dropout": dropout, "classes": classes}  # fmt: skip
        self.image_shape, self.levels, self.classes = (
            (image_channels, image_size, image_size),
            levels,
            classes,
        )
        self.scales, self.mixtures, self.multiple = scales, mixtures, 2 ** (scales - 1)
        inputs = image_channels + 1
        self.first_above = ShiftedConv2d(inputs, channels, (2, 3), "down")
        self.first_row_above = ShiftedConv2d(inputs, channels, (1, 3), "down")
        self.first_left = ShiftedConv2d(inputs, channels, (2, 1), "down_right")
        options = {"classes": classes, "dropout": dropout}
        self.down = nn.ModuleList(
            nn.ModuleList(TwoStreams(channels, short_cut=False, **options) for _ in range(blocks))
            for _ in range(scales)
        )
        self.up = nn.ModuleList(
            nn.ModuleList(
                TwoStreams(channels, short_cut=True, **options) for _ in range(blocks + (scale < scales - 1))
            )
            for scale in range(scales)
        )
        steps = range(scales - 1)
        self.downsample = nn.ModuleList(nn.ModuleList([ShiftedConv2d(channels, channels, (2, 3), "down", 2),
                                                  ShiftedConv2d(channels, channels, (2, 2), "down_right", 2)])
                                   for _ in steps)  # fmt: skip
        self.upsample = nn.ModuleList(nn.ModuleList([ShiftedUpsample2d(channels, (2, 3), "down"),
                                                   ShiftedUpsample2d(channels, (2, 2), "down_right")])
                                    for _ in steps)  # fmt: skip
        outputs = mixture_size(mixtures, image_channels)
        self.output = ShiftedConv2d(channels, outputs, (1, 1), "down_right", init_scale=0.1)

    def mixture(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Mixture:
        """Each pixel's mixture given all earlier pixels: logits, means, log-scales, coefficients; ``x`` in [-1, 1].

        Raises:
            ValueError: if the images have another number of channels, or a size that the strides do not divide, or if a
                label is missing, or given to an unconditional model.
        """
        self._require(x, label)
        padded = with_ones(x)
        above = shift_down(self.first_above(padded))
        left = shift_down(self.first_row_above(padded)) + shift_right(self.first_left(padded))
        streams = [(above, left)]
        for scale, blocks in enumerate(self.down):
            for block in blocks:
                streams.append(block(*streams[-1], label=label, generator=generator))
            if scale < self.scales - 1:
                streams.append(
                    tuple(half(s) for half, s in zip(self.downsample[scale], streams[-1], strict=True))
                )
        above, left = streams.pop()
        for scale in reversed(range(self.scales)):
            for block in self.up[scale]:
                above, left = block(above, left, streams.pop(), label=label, generator=generator)
            if scale > 0:
                above, left = (f(s) for f, s in zip(self.upsample[scale - 1], (above, left), strict=True))
        return split_mixture(self.output(F.elu(left)), self.mixtures, self.image_shape[0])

    def _require(self, x: Tensor, label: Tensor | None) -> None:
        require_channels(x, self.image_shape[0])
        if x.shape[2] % self.multiple or x.shape[3] % self.multiple:
            sizes = f"{x.shape[2]} x {x.shape[3]}"
            raise ValueError(f"images of {sizes}: {self.scales} scales need multiples of {self.multiple}")
        require_label(label, self.classes)

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
        """Draw ``n`` images.

        Args:
            n: number of images.
            label: of all images, or of each; None for an unconditional model.
            generator: draws the uniform numbers, all at the start.
            cached: evaluate only what a new pixel changes. Otherwise each pixel costs a pass over the rows up to it;
                the images are the same but for rounding.

        Raises:
            ValueError: if a label is missing, or given to an unconditional model.
        """
        weight = self.output.bias
        label = labels_of_all(label, n, weight.device)
        require_label(label, self.classes)
        channels, height, width = self.image_shape
        uniforms = draw_uniforms((n, channels + 1, height, width), weight, generator)

        def mixture_at(x: Tensor, row: int, column: int) -> list[Tensor]:
            rows = (row // self.multiple + 1) * self.multiple
            return [part[..., row, column] for part in self.mixture(x[:, :, :rows], label)]

        function = PixelCNNPPCache(self, n, label) if cached else mixture_at
        return (draw_pixels_in_raster_order(function, uniforms, self.levels) + 1) / 2


class TwoStreams(nn.Module):
    """A gated residual block of each stream; on the way up, with a short-cut from the way down.

    Args:
        channels: features of each stream.
        short_cut: whether there is a short-cut.
        classes: number of classes, 0 for none.
        dropout: probability of dropping an element.
    """

    def __init__(self, channels: int, *, short_cut: bool, classes: int, dropout: float) -> None:
        super().__init__()
        options = {"classes": classes, "dropout": dropout}
        side = channels if short_cut else 0
        self.above = GatedResidual(channels, (2, 3), "down", side_channels=side, **options)
        self.left = GatedResidual(channels, (2, 2), "down_right", side_channels=channels + side, **options)

    def forward(
        self, above: Tensor, left: Tensor, short_cut: tuple[Tensor, Tensor] | None = None, **options: object
    ) -> tuple[Tensor, Tensor]:
        """The streams' new features."""
        if short_cut is None:
            above = self.above(above, **options)
            return above, self.left(left, above, **options)
        above = self.above(above, short_cut[0], **options)
        return above, self.left(left, torch.cat([above, short_cut[1]], dim=1), **options)


PRESETS = {
    # Section 3: 5 blocks at each of 3 resolutions, 192 features, 10 components, dropout 0.5 on CIFAR-10.
    "paper": {"image_size": 32, "image_channels": 3, "levels": 256, "channels": 192, "blocks": 5, "scales": 3,
              "mixtures": 10, "dropout": 0.5},
    "laptop": {"image_size": 28, "image_channels": 1, "levels": 256, "channels": 16, "blocks": 1, "scales": 3,
               "mixtures": 5, "dropout": 0.0},
}  # fmt: skip

TRAINING = {
    # Section 3.1 and the released configuration: learning rate 1e-3, 16 images on each of 8 GPUs, weights averaged with
    # decay 0.9995; the number of steps is ours.
    "paper": {
        "data": "cifar10",
        "steps": 200_000,
        "batch_size": 128,
        "learning_rate": 1e-3,
        "weight_average": 0.9995,
    },
    "laptop": {
        "data": "mnist_10k",
        "steps": 300,
        "batch_size": 16,
        "learning_rate": 3e-3,
        "weight_average": 0.99,
    },
}
