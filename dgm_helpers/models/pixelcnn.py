r"""PixelCNN: an image's likelihood as a product over its pixels, all computed in one pass of masked convolutions.

A. van den Oord, N. Kalchbrenner and K. Kavukcuoglu, *Pixel Recurrent Neural Networks*, ICML 2016 (arXiv 1601.06759).
Their eq. 1, and eq. 2 for the three colors of a pixel, in the order R, G, B:

.. math:: p(x) = \prod_i p(x_i | x_1, \dots, x_{i-1}),
          \qquad p(x_i | x_{<i}) = p(x_{i,R}|x_{<i})\, p(x_{i,G}|x_{<i}, x_{i,R})\, p(x_{i,B}|x_{<i}, x_{i,R}, x_{i,G})

The network is their table 1: a 7 x 7 convolution with mask A; residual blocks (figure 5) with a 3 x 3 convolution of
mask B between two of 1 x 1; two of 1 x 1; a softmax over the levels of each sub-pixel, or a Bernoulli if there are two.
Aims at 3.14 bits per dimension on CIFAR-10 (table 5) and 81.30 nats on statically binarized MNIST.

A stack of masked convolutions has a blind spot to the upper right of each pixel, which is the reason for
:mod:`~dgm_helpers.models.gated_pixelcnn`.

Departs from the paper in: features belong to the colors in turn (f mod 3), not in thirds;
pixels are read in [-1, 1], so that the padding is not black.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import RMSprop

from dgm_helpers.data.sampling import binarize
from dgm_helpers.kernels import plain
from dgm_helpers.layers.masked_conv import MaskedConv2d
from dgm_helpers.layers.raster_cache import RasterCache
from dgm_helpers.layers.row_cache import Apply, convolve
from dgm_helpers.models.autoregressive_images import likelihood_loss, require_channels, require_levels
from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.pixel_levels import centered, draw_in_raster_order, draw_uniforms, level_log_prob


class PixelCNN(Configured, nn.Module):
    """PixelCNN of square images.

    Args:
        image_size: height and width of sampled images; any size can be evaluated.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        channels: number h of features inside a block; 2h between blocks.
        blocks: number of residual blocks.
        head_channels: number of features between the last two convolutions.

    Raises:
        ValueError: if there are fewer than two levels.
    """

    def __init__(
        self,
        *,
        image_size: int = 28,
        image_channels: int = 1,
        levels: int = 2,
        channels: int = 16,
        blocks: int = 7,
        head_channels: int = 32,
    ) -> None:
        super().__init__()
        require_levels(levels)
        self.image_shape, self.levels = (image_channels, image_size, image_size), levels
        outputs = image_channels * (1 if levels == 2 else levels)
        self.first = MaskedConv2d(image_channels, 2 * channels, 7, "A", image_channels)
        self.blocks = nn.ModuleList(ResidualBlock(channels, image_channels) for _ in range(blocks))
        self.head = MaskedConv2d(2 * channels, head_channels, 1, "B", image_channels)
        self.output = MaskedConv2d(head_channels, outputs, 1, "B", image_channels)

    def logits(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs channels height width"]:
        """Return the logits of each sub-pixel given all earlier ones: one for a Bernoulli, else one per level.

        Raises:
            ValueError: if the images have a different number of channels than the model.
        """
        require_channels(x, self.image_shape[0])
        return self.evaluate(centered(x), convolve)

    def evaluate(self, x: Float[Tensor, "batch channels *space"], apply: Apply) -> Tensor:
        """Evaluate the network on pixels in [-1, 1], its convolutions by ``apply``, on images or at one pixel."""
        features = apply(self.first, x)
        for block in self.blocks:
            features = block(features, apply)
        output = apply(self.output, apply(self.head, features.relu()).relu())
        return rearrange(output, "b (k c) ... -> b k c ...", c=self.image_shape[0])

    def log_prob(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, " batch"]:
        """Return log p(x), in nats.

        Raises:
            ValueError: if a pixel is not one of the levels, or the number of channels differs from the model's.
        """
        return level_log_prob(x, self.logits(x), self.levels)

    def loss(
        self, batch: Float[Tensor, "batch channels height width"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the mean of -log p(x), in nats, and the same in bits per dimension. There is no noise to draw."""
        return likelihood_loss(self.log_prob(batch), batch)

    @torch.no_grad()
    def sample(
        self, n: int, generator: torch.Generator | None = None, *, cached: bool = True
    ) -> Float[Tensor, "{n} channels height width"]:
        """Draw ``n`` images.

        Args:
            n: number of images.
            generator: draws one uniform number per sub-pixel, all at the start.
            cached: evaluate only what a new pixel changes. Otherwise each pixel costs a pass over the whole image; the
                images are the same up to rounding, which decides where a uniform number falls next to a probability.
        """
        uniforms = draw_uniforms((n, *self.image_shape), self.output.weight, generator)
        if cached and not plain():
            cache = RasterCache(
                self, self.first, n, self.image_shape[2], lambda x, apply, *_: self.evaluate(x, apply)
            )
            return draw_in_raster_order(cache, uniforms, self.levels)
        return draw_in_raster_order(
            lambda x, channel, row, column: self.logits(x)[:, :, channel, row, column], uniforms, self.levels
        )


class ResidualBlock(nn.Module):
    """Figure 5, left: ReLU and a convolution, three times, 2h → h → h → 2h, and the input added once.

    Args:
        channels: number h of features inside the block.
        image_channels: number of channels of the image.
    """

    def __init__(self, channels: int, image_channels: int) -> None:
        super().__init__()
        self.reduce = MaskedConv2d(2 * channels, channels, 1, "B", image_channels)
        self.middle = MaskedConv2d(channels, channels, 3, "B", image_channels)
        self.expand = MaskedConv2d(channels, 2 * channels, 1, "B", image_channels)

    def forward(self, x: Float[Tensor, "batch features *space"], apply: Apply) -> Tensor:
        """Return the block's output, in the shape of ``x``."""
        features = apply(self.reduce, x.relu())
        features = apply(self.middle, features.relu())
        return x + apply(self.expand, features.relu())


PRESETS = {
    # Section 4 and table 1, for CIFAR-10: 15 layers, h = 128; 1,024 features in the layers before the softmax.
    "paper": {"image_size": 32, "image_channels": 3, "levels": 256, "channels": 128, "blocks": 15,
              "head_channels": 1024},
    "laptop": {"image_size": 28, "levels": 2, "channels": 16, "blocks": 5, "head_channels": 32},
}  # fmt: skip

TRAINING = {
    # Section 5.2: RMSProp, batches of 16 for CIFAR-10; learning rate and number of steps are ours.
    "paper": {"data": "cifar10", "steps": 200_000, "batch_size": 16, "learning_rate": 1e-4, "optimizer": RMSprop},
    "laptop": {"data": "mnist_10k", "steps": 600, "batch_size": 16, "learning_rate": 5e-3, "transform": binarize,
               "weight_average": 0.99},
}  # fmt: skip
