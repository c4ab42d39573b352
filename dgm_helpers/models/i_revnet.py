r"""i-RevNet: a classifier that loses nothing before its last projection; images come back from its features.

J.-H. Jacobsen, A. Smeulders and E. Oyallon, *i-RevNet: Deep Invertible Networks*, ICLR 2018 (arXiv 1802.07088). With
:math:`\psi` the invertible down-sampling of their section 3 where a stage begins, and else the identity, a block is

.. math:: (x_1, x_2) \mapsto (\psi x_2,\ \psi x_1 + F(x_2))

as the released code has it (``models/iRevNet.py`` of jhjacobsen/pytorch-i-revnet); their eq. 1 is the same except
for :math:`\psi`. F is three convolutions: of 1×1, 3×3 and 1×1 in the paper, all of 3×3 in the released code.

Aims at the top-1 error of ResNet-50 on ImageNet, 24.7%: (a), which is injective, has 24.7% and (b), bijective, 26.7%
(their table 1; the README of the released code lists 26.0%). Nothing must be discarded to classify.

Departs from the paper in: activations are not stored but recovered, which the architecture allows and the released
code does not do; channels of zeros are added to both halves, not all at the end, where the first F would see only
zeros, which batch normalization would turn into noise; batch normalization has torch's default momentum, where the
released code has 0.9 in the last.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from dgm_helpers.layers.image_classifier import ImageClassifier, preactivated
from dgm_helpers.layers.reversible import ReversibleChain, ReversibleStep
from dgm_helpers.layers.space_to_depth import depth_to_space, space_to_depth
from dgm_helpers.models import learning_rates
from dgm_helpers.models.autoregressive_images import require_channels
from dgm_helpers.models.configured import Configured


class IRevNet(Configured, ImageClassifier):
    """i-RevNet classifier of images.

    Args:
        image_channels: 1 for gray, 3 for color.
        classes: number of classes.
        blocks: number of blocks in each stage.
        strides: stride of each stage's first block, 1 or 2: the side of the squares that its down-sampling moves.
        channels: channels of one half of the features, in each stage; four times as many after a stride of 2.
        initial_block: side of the squares of pixels that become channels before the first stage.
        divisor: F's inner convolutions have ``channels`` / ``divisor`` feature maps.
        kernel_sizes: kernel sizes of F's three convolutions, odd.
        dropout: probability of dropping an element before F's last convolution. If it is above 0, the inverse exists
            only in evaluation mode.
        store_activations: train with plain autograd, for comparison.

    Raises:
        ValueError: if the lists' lengths differ, a stage is not bijective, the first stage gets too few or too many
            channels, or there are not three odd kernel sizes.
    """

    def __init__(
        self,
        *,
        image_channels: int = 3,
        classes: int = 10,
        blocks: Sequence[int] = (18, 18, 18),
        strides: Sequence[int] = (1, 2, 2),
        channels: Sequence[int] = (16, 64, 256),
        initial_block: int = 1,
        divisor: int = 4,
        kernel_sizes: Sequence[int] = (3, 3, 3),
        dropout: float = 0.0,
        store_activations: bool = False,
    ) -> None:
        super().__init__()
        if not len(blocks) == len(strides) == len(channels):
            raise ValueError(
                "blocks, strides and channels must have one entry per stage, got "
                f"{len(blocks)}, {len(strides)} and {len(channels)}"
            )
        _require_bijective(strides, channels)
        if len(kernel_sizes) != 3 or any(size < 1 or size % 2 == 0 for size in kernel_sizes):
            raise ValueError(f"kernel_sizes must be three odd numbers, got {tuple(kernel_sizes)}")
        self.initial_block = initial_block
        self.entering, self.half = image_channels * initial_block**2, channels[0] // strides[0] ** 2
        if not 2 <= self.entering <= 2 * self.half:
            raise ValueError(f"the first stage takes from 2 to {2 * self.half} channels, got {self.entering}")
        steps: list[ReversibleStep] = []
        for width, depth, stride in zip(channels, blocks, strides, strict=True):
            for block in range(depth):
                stride_here = stride if block == 0 else 1
                before = width // stride_here**2
                function = bottleneck(
                    before, width, stride_here, divisor, kernel_sizes, dropout, activate=bool(steps)
                )
                steps.append(ReversibleStep(function, block=stride_here))
        self.chain = ReversibleChain(steps, store_activations=store_activations)
        self.norm = nn.BatchNorm2d(2 * channels[-1])
        self.classifier = nn.Linear(2 * channels[-1], classes)

    def encode(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features less_high less_wide"]:
        """Return the last features, from which :meth:`decode` recovers the image.

        Raises:
            ValueError: if the images have a different number of channels than the model, or cannot be cut into squares.
        """
        # Where zeros are added, surplus channels would silently be cut off.
        require_channels(x, self.config["image_channels"])
        halves = space_to_depth(x, self.initial_block).tensor_split(2, dim=1)
        # Injective padding, their section 3: channels of zeros.
        x1, x2 = (F.pad(half, (0, 0, 0, 0, 0, self.half - half.shape[1])) for half in halves)
        return torch.cat(self.chain(x1, x2), dim=1)

    def decode(
        self, features: Float[Tensor, "batch features less_high less_wide"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the image that has these features, in the mode (training or evaluation) that they were computed in.

        Raises:
            RuntimeError: if dropout is active.
        """
        x1, x2 = self.chain.inverse(*features.chunk(2, dim=1))
        second = self.entering // 2
        h = torch.cat([x1[:, : self.entering - second], x2[:, :second]], dim=1)
        return depth_to_space(h, self.initial_block)

    def reconstruct(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return ``x`` by way of its features: itself, up to rounding."""
        return self.decode(self.encode(x))


def bottleneck(
    inputs: int,
    outputs: int,
    stride: int,
    divisor: int,
    kernel_sizes: Sequence[int],
    dropout: float,
    *,
    activate: bool,
) -> nn.Sequential:
    """Return F: three convolutions, each after batch normalization and ReLU, except the first unless ``activate``."""
    middle = max(1, outputs // divisor)
    first, second, third = kernel_sizes
    layers = [*preactivated(inputs, middle, first, stride), *preactivated(middle, middle, second),
              nn.Dropout(dropout), *preactivated(middle, outputs, third)]  # fmt: skip
    return nn.Sequential(*layers if activate else layers[2:])


def _require_bijective(strides: Sequence[int], channels: Sequence[int]) -> None:
    for stage, (stride, width) in enumerate(zip(strides, channels, strict=True)):
        needed = channels[stage - 1] * stride**2 if stage else width
        if stride not in (1, 2) or width % stride**2 or width != needed:
            raise ValueError(
                f"stage {stage + 1} must be bijective, with stride 1 or 2 and the stride squared times the channels of "
                f"the stage before; got stride {stride} and {width} channels"
            )


IMAGENET = {"classes": 1000, "blocks": (6, 16, 72, 6), "strides": (2, 2, 2, 2), "channels": (24, 96, 384, 1536),
            "initial_block": 2}  # fmt: skip

PRESETS = {
    # The command for CIFAR-10 in the README of the released code, "an accuracy of ~94.5%", and CIFAR_main.py: dropout
    # 0.1, batches of 128, 200 epochs, SGD starting at a learning rate of 0.1. The paper's own numbers are for ImageNet.
    "paper": {"blocks": (18, 18, 18), "strides": (1, 2, 2), "channels": (16, 64, 256), "dropout": 0.1},
    # i-RevNet (b) for ImageNet, bijective, 3 · 2² · 2² = 2 · 24 channels: blocks and channels as in the README of the
    # released code, kernels of 1×1, 3×3, 1×1 as the paper says (section 3.2), which make the 29 million parameters of
    # its table 1.
    "paper_imagenet": IMAGENET | {"kernel_sizes": (1, 3, 1)},
    # What the released code trains: kernels of 3×3 throughout, more than four times as many parameters.
    "released_imagenet": IMAGENET,
    "laptop": {
        "image_channels": 1,
        "blocks": (2, 2),
        "strides": (1, 2),
        "channels": (8, 32),
        "initial_block": 2,
    },
}

IMAGENET_TRAINING = {
    "data": "imagenet",
    "steps": 600_000,
    "batch_size": 256,
    "learning_rate": 0.1,
    "optimizer": partial(SGD, momentum=0.9, weight_decay=1e-4),
    "schedule": learning_rates.i_revnet_imagenet,
}

TRAINING = {
    # CIFAR_main.py: 200 epochs of 50,000 images, without its random shifts and mirror images.
    "paper": {"data": "cifar10", "steps": 78_000, "batch_size": 128, "learning_rate": 0.1,
              "optimizer": partial(SGD, momentum=0.9, weight_decay=5e-4), "schedule": learning_rates.i_revnet},
    # Section 4.1: SGD with momentum 0.9 and weight decay 1e-4, 600,000 steps in batches of 256.
    "paper_imagenet": IMAGENET_TRAINING,
    "released_imagenet": IMAGENET_TRAINING,
    "laptop": {"data": "mnist_10k", "steps": 200, "batch_size": 64, "learning_rate": 1e-2, "weight_average": 0.95},
}  # fmt: skip
