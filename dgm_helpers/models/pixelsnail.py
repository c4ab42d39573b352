r"""PixelSNAIL: blocks of causal convolutions alternate with attention to all earlier pixels.

X. Chen, N. Mishra, M. Rohaninejad and P. Abbeel, *PixelSNAIL: An Improved Autoregressive Generative Model*, ICML 2018
(arXiv 1712.09763), and its published code. Convolutions have a small receptive field, attention reaches every earlier
pixel in one step: after each group of gated residual blocks,

.. math:: y_i = \sum_{j<i} \mathrm{softmax}_j(q_i^\top k_j / \sqrt d)\, v_j

with keys and values made of image, features and position, queries of features and position alone. The likelihood is
that of :mod:`~dgm_helpers.models.pixelcnn_pp`. Figure aimed at: 2.85 bits per dimension on CIFAR-10.

Departs from the paper in: no average of the weights over training (Polyak), which belongs to the training loop; its
learning-rate schedule likewise; a class enters as a learned vector in the convolutional blocks.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.layers import shifted_conv
from dgm_helpers.layers.causal_attention import causal_attention
from dgm_helpers.layers.row_cache import Apply, RowCache, convolve
from dgm_helpers.layers.shifted_conv import GatedResidual, ShiftedConv2d, shift_down, shift_right, with_ones
from dgm_helpers.models.autoregressive_images import (
    labels_of_all,
    likelihood_loss,
    require_channels,
    require_label,
    require_levels,
)
from dgm_helpers.objectives.discretized_logistic import (
    Mixture,
    draw_pixels_in_raster_order,
    mixture_size,
    pixel_log_prob,
    split_mixture,
)
from dgm_helpers.objectives.pixel_levels import centered, draw_uniforms, levels_of


class PixelSNAIL(nn.Module):
    """PixelSNAIL of square images.

    Args:
        image_size: height and width of what is sampled, and the unit of the positions.
        image_channels: 1 for grey, 3 for colour.
        levels: values that a sub-pixel takes, stored as k / (levels - 1).
        channels: features.
        blocks: groups of residual blocks, each followed by attention.
        residuals: gated residual blocks in a group.
        key_size: numbers in a query and a key.
        value_size: numbers in a value.
        mixtures: components of a pixel's mixture.
        dropout: probability of dropping an element inside a residual block.
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
        channels: int = 256,
        blocks: int = 12,
        residuals: int = 4,
        key_size: int = 16,
        value_size: int = 128,
        mixtures: int = 10,
        dropout: float = 0.5,
        classes: int = 0,
    ) -> None:
        super().__init__()
        require_levels(levels)
        self.config = {"image_size": image_size, "image_channels": image_channels, "levels": levels,
                       "channels": channels, "blocks": blocks, "residuals": residuals, "key_size": key_size,
                       "value_size": value_size, "mixtures": mixtures, "dropout": dropout,
                       "classes": classes}  # fmt: skip
        self.image_shape, self.levels, self.classes = (
            (image_channels, image_size, image_size),
            levels,
            classes,
        )
        self.mixtures = mixtures
        inputs = image_channels + 1
        self.first_row_above = ShiftedConv2d(inputs, channels, (1, 3), "down")
        self.first_left = ShiftedConv2d(inputs, channels, (2, 1), "down_right")
        self.blocks = nn.ModuleList(
            SnailBlock(image_channels, channels, residuals, key_size, value_size, classes, dropout)
            for _ in range(blocks)
        )
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
            ValueError: if the images have another number of channels, or if a label is missing, or given to an
                unconditional model.
        """
        require_channels(x, self.image_shape[0])
        require_label(label, self.classes)
        padded = with_ones(x)
        features = shift_down(self.first_row_above(padded)) + shift_right(self.first_left(padded))
        position = positions(x, self.image_shape[1])
        for block in self.blocks:
            features = block(x, features, position, label, generator)
        return split_mixture(self.output(F.elu(features)), self.mixtures, self.image_shape[0])

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
            return [part[..., row, column] for part in self.mixture(x[:, :, : row + 1], label)]

        function = PixelSNAILCache(self, n, label) if cached else mixture_at
        return (draw_pixels_in_raster_order(function, uniforms, self.levels) + 1) / 2


class SnailBlock(nn.Module):
    """Gated residual blocks, then attention, then one more block that merges both.

    Args:
        image_channels: channels of the image.
        channels: features.
        residuals: gated residual blocks before the attention.
        key_size: numbers in a query and a key.
        value_size: numbers in a value.
        classes: number of classes, 0 for none.
        dropout: probability of dropping an element.
    """

    def __init__(
        self,
        image_channels: int,
        channels: int,
        residuals: int,
        key_size: int,
        value_size: int,
        classes: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.residuals = nn.ModuleList(
            GatedResidual(channels, (2, 2), "down_right", classes=classes, dropout=dropout)
            for _ in range(residuals)
        )
        content, asked, pixel = image_channels + channels + 2, channels + 2, ((1, 1), "down_right")
        self.content = GatedResidual(content, *pixel, dropout=dropout)
        self.key_value = ShiftedConv2d(content, key_size + value_size, *pixel)
        self.asked = GatedResidual(asked, *pixel, dropout=dropout)
        self.query = ShiftedConv2d(asked, key_size, *pixel)
        self.merge = GatedResidual(channels, *pixel, side_channels=value_size, dropout=dropout)
        self.sizes = [key_size, value_size]

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        features: Float[Tensor, "batch features height width"],
        position: Float[Tensor, "batch 2 height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "batch features height width"]:
        """The block's features on whole images."""
        for residual in self.residuals:
            features = residual(features, label=label, generator=generator)
        query = self.ask(features, position, generator)
        key, value = self.offer(x, features, position, generator)
        sequences = (rearrange(part, "b f h w -> b (h w) f") for part in (query, key, value))
        found = rearrange(causal_attention(*sequences), "b (h w) f -> b f h w", h=x.shape[2])
        return self.merge(features, found, generator=generator)

    def ask(
        self,
        features: Tensor,
        position: Tensor,
        generator: torch.Generator | None = None,
        apply: Apply = convolve,
    ) -> Tensor:
        """Queries: they see features and position, which hold nothing of their own pixel."""
        asked = torch.cat([features, position], dim=1)
        return apply(self.query, self.asked(asked, generator=generator, apply=apply))

    def offer(
        self,
        x: Tensor,
        features: Tensor,
        position: Tensor,
        generator: torch.Generator | None = None,
        apply: Apply = convolve,
    ) -> tuple[Tensor, Tensor]:
        """Keys and values: they see their own pixel as well, since only later pixels attend to it."""
        content = self.content(torch.cat([x, features, position], dim=1), generator=generator, apply=apply)
        key, value = apply(self.key_value, content).split(self.sizes, dim=1)
        return key, value


class PixelSNAILCache:
    """A PixelSNAIL evaluated at one pixel after another, in raster order; keys and values are kept.

    Args:
        model: the PixelSNAIL.
        n: images drawn at the same time.
        label: of each image, or None.
    """

    def __init__(self, model: PixelSNAIL, n: int, label: Int[Tensor, "{n}"] | None = None) -> None:
        self.model, self.label, (_, height, width) = model, label, model.image_shape
        convolutions = [module for module in model.modules() if isinstance(module, ShiftedConv2d)]
        self.caches = {conv: RowCache(conv, n, width) for conv in convolutions}
        like = model.output.bias.detach()
        self.position = positions(like.expand(n, 1, height, width, -1)[..., 0], height)
        self.above = like.new_zeros(n, model.first_left.kernel().shape[0], width)
        self.memory = [
            [like.new_zeros(n, height * width, size) for size in block.sizes] for block in model.blocks
        ]
        self.features: list[Tensor] = []

    def __call__(self, x: Float[Tensor, "batch channels height width"], row: int, column: int) -> Mixture:
        """The mixture of one pixel of images that are drawn up to it."""
        model, width, time = self.model, x.shape[3], row * x.shape[3] + column

        def apply(conv: nn.Module, values: Tensor) -> Tensor:
            return self.caches[conv].pixel(column, values)

        if time > 0:
            self._remember(x, *divmod(time - 1, width))
        if column == 0 and row > 0:
            for cache in self.caches.values():
                cache.next_row()
            self.above = self.caches[model.first_row_above].row(with_ones(x[:, :, row - 1]))
        features = self.above[:, :, column]
        if column > 0:
            features = features + self.caches[model.first_left].pixel(
                column - 1, with_ones(x[:, :, row, column - 1])
            )
        self.features = []
        for block, (keys, values) in zip(model.blocks, self.memory, strict=True):
            for residual in block.residuals:
                features = residual(features, label=self.label, apply=apply)
            self.features.append(features)
            query = block.ask(features, self.position[:, :, row, column], apply=apply)
            found = attend(query, keys[:, :time], values[:, :time])
            features = block.merge(features, found, apply=apply)
        return split_mixture(apply(model.output, F.elu(features)), model.mixtures, x.shape[1])

    def _remember(self, x: Tensor, row: int, column: int) -> None:
        """Keep key and value of a pixel, which can be had when it has been drawn."""

        def apply(conv: nn.Module, values: Tensor) -> Tensor:
            return self.caches[conv].pixel(column, values)

        time, position = row * x.shape[3] + column, self.position[:, :, row, column]
        for block, features, (keys, values) in zip(
            self.model.blocks, self.features, self.memory, strict=True
        ):
            keys[:, time], values[:, time] = block.offer(
                x[:, :, row, column], features, position, apply=apply
            )


def attend(
    query: Float[Tensor, "batch key"],
    keys: Float[Tensor, "batch positions key"],
    values: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch value"]:
    """Attention of one query to all keys that are given; zeros if there are none."""
    scores = torch.einsum("bk,bpk->bp", query, keys) / math.sqrt(query.shape[1])
    return torch.einsum("bp,bpv->bv", scores.softmax(dim=1), values)


def positions(
    x: Float[Tensor, "batch channels height width"], size: int
) -> Float[Tensor, "batch 2 height width"]:
    """Row and column of each pixel as a fraction of the image's size, from -1/2 on."""
    rows, columns = (torch.arange(length).to(x) / size - 0.5 for length in x.shape[2:])
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(x), -1, -1, -1)


PRESETS = {
    # Released configuration for CIFAR-10: 12 blocks, 256 features, keys of 16, values of 128, 10 components.
    "paper": {"image_size": 32, "image_channels": 3, "levels": 256, "channels": 256, "blocks": 12, "residuals": 4,
              "key_size": 16, "value_size": 128, "mixtures": 10, "dropout": 0.5},
    "laptop": {"image_size": 28, "image_channels": 1, "levels": 256, "channels": 16, "blocks": 2, "residuals": 2,
               "key_size": 8, "value_size": 16, "mixtures": 5, "dropout": 0.0},
}  # fmt: skip

TRAINING = {
    # As PixelCNN++'s, on which its released code builds; the number of steps is ours.
    "paper": {
        "data": "cifar10",
        "steps": 200_000,
        "batch_size": 128,
        "learning_rate": 1e-3,
        "weight_average": 0.9995,
    },
    "laptop": {
        "data": "mnist_10k",
        "steps": 150,
        "batch_size": 16,
        "learning_rate": 3e-3,
        "weight_average": 0.99,
    },
}
