r"""PixelSNAIL: blocks of causal convolutions alternate with attention to all earlier pixels.

X. Chen, N. Mishra, M. Rohaninejad and P. Abbeel, *PixelSNAIL: An Improved Autoregressive Generative Model*, ICML 2018
(arXiv 1712.09763), and its published code. Convolutions have a small receptive field, attention reaches every earlier
pixel in one step: after each group of gated residual blocks,

.. math:: y_i = \sum_{j<i} \mathrm{softmax}_j(q_i^\top k_j / \sqrt d)\, v_j

with keys and values made of image, features and position, queries only of features and position. The likelihood is
that of :mod:`~dgm_helpers.models.pixelcnn_pp`. Aims at 2.85 bits per dimension on CIFAR-10.

Departs from the paper in: a class enters as a learned vector in the convolutional blocks.
"""

from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.optim import Adam

from dgm_helpers.layers.pixelsnail_cache import PixelSNAILCache
from dgm_helpers.layers.shifted_conv import ShiftedConv2d, shift_down, shift_right, with_ones
from dgm_helpers.layers.snail_block import SnailBlock, positions
from dgm_helpers.models import learning_rates
from dgm_helpers.models.logistic_mixture_images import LogisticMixtureModel


class PixelSNAIL(LogisticMixtureModel):
    """PixelSNAIL of square images.

    Args:
        image_size: height and width of sampled images, and the unit of the positions.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1).
        channels: number of features.
        blocks: number of groups of residual blocks, each followed by attention.
        residuals: number of gated residual blocks in a group.
        key_size: length of a query and of a key.
        value_size: length of a value.
        mixtures: number of components of a pixel's mixture.
        dropout: probability of dropping an element inside a residual block.
        classes: number of classes; 0 for an unconditional model.
        activation: activation in the residual blocks, ``"elu"``, or ``"concat_elu"`` as in PixelCNN++.

    Raises:
        ValueError: if there are fewer than two levels, or the activation is not one of those listed.
    """

    cache = PixelSNAILCache

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
        activation: str = "concat_elu",
    ) -> None:
        super().__init__(image_size=image_size, image_channels=image_channels, levels=levels, mixtures=mixtures,
                         classes=classes)  # fmt: skip
        inputs = image_channels + 1
        self.first_row_above = ShiftedConv2d(inputs, channels, (1, 3), "down")
        self.first_left = ShiftedConv2d(inputs, channels, (2, 1), "down_right")
        self.blocks = nn.ModuleList(
            SnailBlock(
                image_channels, channels, residuals, key_size, value_size, classes, dropout, activation
            )
            for _ in range(blocks)
        )
        self.output = self.output_layer(channels)

    def features(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None,
        generator: torch.Generator | None,
    ) -> Float[Tensor, "batch features height width"]:
        """Return the last features of each pixel of ``x`` in [-1, 1]."""
        padded = with_ones(x)
        features = shift_down(self.first_row_above(padded)) + shift_right(self.first_left(padded))
        position = positions(x, self.image_shape[1])
        for block in self.blocks:
            features = block(x, features, position, label, generator)
        return features


PRESETS = {
    # The command for CIFAR-10 in the README of the released code (neocxi/pixelsnail-public), with what its train.py (4
    # residual blocks, ELU) and pixel_cnn_pp/model.py (h12_noup_smallkey: 12 blocks, keys of 16, values of 256 / 2) add:
    # 256 features, 10 components, dropout 0.5. The paper states no number of parameters.
    "paper": {"image_size": 32, "image_channels": 3, "levels": 256, "channels": 256, "blocks": 12, "residuals": 4,
              "key_size": 16, "value_size": 128, "mixtures": 10, "dropout": 0.5, "activation": "elu"},
    "laptop": {"image_size": 28, "image_channels": 1, "levels": 256, "channels": 16, "blocks": 1, "residuals": 4,
               "key_size": 8, "value_size": 16, "mixtures": 5, "dropout": 0.0},
}  # fmt: skip

TRAINING = {
    # The same command and what train.py adds: Adam's betas, learning rate 1e-3, 8 images to initialize by and on each
    # GPU, weights averaged with decay 0.9995. It uses all available GPUs, here eight. The number of steps is ours
    # (there at most 5,000 epochs), and Adam's epsilon is torch's: train.py adds 1e-6 under the root, to squares of
    # gradients that are summed over the images.
    "paper": {"data": "cifar10", "steps": 200_000, "batch_size": 64, "learning_rate": 1e-3,
              "optimizer": partial(Adam, betas=(0.95, 0.9995)), "schedule": learning_rates.pixelsnail,
              "initialize": 8, "weight_average": 0.9995},
    "laptop": {"data": "mnist_10k", "steps": 1150, "batch_size": 8, "learning_rate": 1e-2, "weight_average": 0.995},
}  # fmt: skip
