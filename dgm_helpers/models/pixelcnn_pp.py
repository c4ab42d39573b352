r"""PixelCNN++: a mixture of discretized logistics per pixel, on a network that halves and doubles its resolution.

T. Salimans, A. Karpathy, X. Chen and D. P. Kingma, *PixelCNN++: Improving the PixelCNN with Discretized Logistic
Mixture Likelihood and Other Modifications*, ICLR 2017 (arXiv 1701.05517). The likelihood is their eqs. 1 to 3,

.. math:: P(x_i|\mu, s) = \sum_m \pi_m \left[\sigma\Big(\frac{x_i + 1/255 - \mu_m}{s_m}\Big)
          - \sigma\Big(\frac{x_i - 1/255 - \mu_m}{s_m}\Big)\right]

whole pixels at a time, the means of G and B linear in the channels before. The network is figure 2: two streams, one of
the rows above (``above``), one of these and the pixels to the left (``left``); on the way down blocks and strides of 2,
on the way up blocks with short-cuts from their mirror images. Aims at 2.92 bits per dimension on CIFAR-10.

Departs from the paper in: a class enters as a learned vector.
"""

from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.optim import Adam

from dgm_helpers.layers.pixelcnn_pp_cache import PixelCNNPPCache
from dgm_helpers.layers.shifted_conv import (
    GatedResidual,
    ShiftedConv2d,
    ShiftedUpsample2d,
    shift_down,
    shift_right,
    with_ones,
)
from dgm_helpers.models import learning_rates
from dgm_helpers.models.logistic_mixture_images import LogisticMixtureModel


class PixelCNNPP(LogisticMixtureModel):
    """PixelCNN++ of square images.

    Args:
        image_size: height and width of sampled images.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1).
        channels: number of features of each stream.
        blocks: number of gated residual blocks at each resolution, on the way down and on the way up.
        scales: number of resolutions; height and width must be multiples of 2 ** (scales - 1).
        mixtures: number of components of a pixel's mixture.
        dropout: probability of dropping an element inside a block.
        classes: number of classes; 0 for an unconditional model.

    Raises:
        ValueError: if there are fewer than two levels, or no scale, or if the strides do not divide the image size.
    """

    cache = PixelCNNPPCache

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
        super().__init__(image_size=image_size, image_channels=image_channels, levels=levels, mixtures=mixtures,
                         classes=classes)  # fmt: skip
        if scales < 1 or image_size % 2 ** (scales - 1):
            raise ValueError(
                "scales must be at least 1 and image_size a multiple of 2 ** (scales - 1), "
                f"got {scales} and {image_size}"
            )
        self.scales, self.multiple = scales, 2 ** (scales - 1)
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
        self.output = self.output_layer(channels)

    def features(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None,
        generator: torch.Generator | None,
    ) -> Float[Tensor, "batch features height width"]:
        """Return the last features of the stream that reads up to each pixel of ``x`` in [-1, 1]."""
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
        return left


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
        """Return the streams' new features."""
        if short_cut is None:
            above = self.above(above, **options)
            return above, self.left(left, above, **options)
        above = self.above(above, short_cut[0], **options)
        return above, self.left(left, torch.cat([above, short_cut[1]], dim=1), **options)


PRESETS = {
    # Section 3.1, CIFAR-10: 5 blocks at each of 3 resolutions, 192 features, dropout 0.5. Ten components are those of
    # train.py of the released code (openai/pixel-cnn), whose own default is 160 features.
    "paper": {"image_size": 32, "image_channels": 3, "levels": 256, "channels": 192, "blocks": 5, "scales": 3,
              "mixtures": 10, "dropout": 0.5},
    "laptop": {"image_size": 28, "image_channels": 1, "levels": 256, "channels": 16, "blocks": 1, "scales": 3,
               "mixtures": 5, "dropout": 0.0},
}  # fmt: skip

TRAINING = {
    # The defaults of train.py: learning rate 1e-3, Adam's betas, 100 images to initialize by, 16 images on each of 8
    # GPUs, weights averaged with decay 0.9995; at most 5,000 epochs, where the number of steps is ours. The paper
    # states none of them.
    "paper": {"data": "cifar10", "steps": 200_000, "batch_size": 128, "learning_rate": 1e-3,
              "optimizer": partial(Adam, betas=(0.95, 0.9995)), "schedule": learning_rates.pixelcnn_pp,
              "initialize": 100, "weight_average": 0.9995},
    "laptop": {"data": "mnist_10k", "steps": 800, "batch_size": 8, "learning_rate": 1e-2, "weight_average": 0.995},
}  # fmt: skip
