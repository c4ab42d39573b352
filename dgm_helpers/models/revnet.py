r"""RevNet: a residual network whose blocks are reversible, so that training stores few activations.

A. N. Gomez, M. Ren, R. Urtasun and R. B. Grosse, *The Reversible Residual Network: Backpropagation Without Storing
Activations*, NIPS 2017 (arXiv 1707.04585). Blocks, their eq. 6 to 8, and backward pass, their algorithm 1, are in
:mod:`dgm_helpers.layers.reversible`:

.. math:: y_1 = x_1 + F(x_2), \qquad y_2 = x_2 + G(y_1)

F and G are the residual functions of ResNet, with batch normalization and ReLU first. A block that changes the size
cannot be reversed, and its activations are stored: once per stage, whatever the depth.

Aims at the accuracy of a ResNet of equal size: 7.24% error on CIFAR-10 for RevNet-38, 7.14% for ResNet-32 (table 3).

Departs from the paper in: the first stage does not change the size, so even its first block is reversible;
convolutions are initialized as torch does.
"""

import math
from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from dgm_helpers.layers.image_classifier import ImageClassifier, preactivated
from dgm_helpers.layers.reversible import ReversibleChain, ReversibleStep, reversible_block
from dgm_helpers.models import learning_rates
from dgm_helpers.models.configured import Configured


class RevNet(Configured, ImageClassifier):
    """RevNet classifier of images.

    Args:
        image_channels: 1 for gray, 3 for color.
        classes: number of classes.
        units: number of blocks in each stage, each with an F and a G.
        channels: feature maps after the first convolution and in each stage, both halves together.
        strides: stride of each stage's first block.
        bottleneck: F and G have convolutions of 1×1, 3×3 and 1×1 instead of two of 3×3, and stages are four times as
            wide as ``channels``.
        store_activations: train with plain autograd, for comparison.

    Raises:
        ValueError: if the lists' lengths do not match, a stage has no block, or a number of feature maps is odd.
    """

    def __init__(
        self,
        *,
        image_channels: int = 3,
        classes: int = 10,
        units: Sequence[int] = (3, 3, 3),
        channels: Sequence[int] = (32, 32, 64, 112),
        strides: Sequence[int] = (1, 2, 2),
        bottleneck: bool = False,
        store_activations: bool = False,
    ) -> None:
        super().__init__()
        if not len(units) == len(strides) == len(channels) - 1 or min(units) < 1:
            raise ValueError(
                "units, each at least 1, and strides must have one entry per stage, and channels one more, for the "
                f"first convolution; got {tuple(units)}, {tuple(strides)} and {tuple(channels)}"
            )
        if any(count % 2 for count in channels):
            raise ValueError(f"channels must be even, because feature maps are halved; got {tuple(channels)}")
        widths = [channels[0], *(count * (4 if bottleneck else 1) for count in channels[1:])]
        self.stem = nn.Sequential(
            nn.Conv2d(image_channels, widths[0], 3, padding=1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        )
        self.stages = nn.ModuleList()
        for stage, (count, stride) in enumerate(zip(units, strides, strict=True)):
            before, after = widths[stage] // 2, widths[stage + 1] // 2
            activate = stage > 0  # the first convolution's output is already normalized and rectified
            if stride != 1 or before != after:
                self.stages.append(Transition(before, after, stride, bottleneck, activate=activate))
                count, activate = count - 1, True
            if count:
                steps = reversible_steps(count, after, bottleneck, activate=activate)
                self.stages.append(ReversibleChain(steps, store_activations=store_activations))
        self.norm = nn.BatchNorm2d(widths[-1])
        self.classifier = nn.Linear(widths[-1], classes)

    def encode(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features less_high less_wide"]:
        """Return the last feature maps.

        Raises:
            ValueError: if the strides do not divide height and width.
        """
        multiple = math.prod(self.config["strides"])
        if x.shape[2] % multiple or x.shape[3] % multiple:
            raise ValueError(
                f"height and width must be multiples of {multiple}, got {x.shape[2]} and {x.shape[3]}"
            )
        x1, x2 = self.stem(x).chunk(2, dim=1)
        for stage in self.stages:
            x1, x2 = stage(x1, x2)
        return torch.cat([x1, x2], dim=1)

    def parameter_groups(self, learning_rate: float) -> list[dict]:
        """Return the weights, which decay, and biases and batch normalization, which in the released code do not."""
        weights = [parameter for parameter in self.parameters() if parameter.ndim > 1]
        undecayed = [parameter for parameter in self.parameters() if parameter.ndim <= 1]
        return [
            {"params": weights, "lr": learning_rate},
            {"params": undecayed, "lr": learning_rate, "weight_decay": 0.0},
        ]


def reversible_steps(count: int, channels: int, bottleneck: bool, *, activate: bool) -> list[ReversibleStep]:
    """Return the steps of a number of blocks; the first function begins with its convolution unless ``activate``."""
    steps: list[ReversibleStep] = []
    for _ in range(count):
        f = residual_function(channels, channels, 1, bottleneck, activate=activate)
        steps += reversible_block(f, residual_function(channels, channels, 1, bottleneck))
        activate = True
    return steps


def residual_function(
    inputs: int, outputs: int, stride: int, bottleneck: bool, *, activate: bool = True
) -> nn.Sequential:
    """Return F or G: convolutions, each after batch normalization and ReLU, except the first unless ``activate``.

    A bottleneck is a quarter as wide inside.
    """
    middle = outputs // 4 if bottleneck else outputs
    shapes = [(inputs, middle, 3, stride), (middle, outputs, 3, 1)]
    if bottleneck:
        shapes = [(inputs, middle, 1, stride), (middle, middle, 3, 1), (middle, outputs, 1, 1)]
    layers: list[nn.Module] = []
    for shape in shapes:
        layers += preactivated(*shape)
    return nn.Sequential(*layers if activate else layers[2:])


class Transition(nn.Module):
    """A block that changes the size, y1 = down(x1) + f(x2), y2 = down(x2) + g(y1): not reversible, stored.

    ``down`` is average pooling, then channels of zeros; with bottlenecks a projection, as in the released code.

    Raises:
        ValueError: if there would be fewer feature maps than before, without bottlenecks.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, bottleneck: bool, *, activate: bool) -> None:
        super().__init__()
        self.stride, self.extra = stride, 0 if bottleneck else outputs - inputs
        if self.extra < 0:
            raise ValueError(f"a stage of {2 * outputs} feature maps cannot follow one of {2 * inputs}")
        self.f = residual_function(inputs, outputs, stride, bottleneck, activate=activate)
        self.g = residual_function(outputs, outputs, 1, bottleneck)
        self.projections = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 1, bias=False) if bottleneck else nn.Identity() for _ in range(2)
        )

    def forward(
        self,
        x1: Float[Tensor, "batch channels height width"],
        x2: Float[Tensor, "batch channels height width"],
    ) -> tuple[
        Float[Tensor, "batch more less_high less_wide"], Float[Tensor, "batch more less_high less_wide"]
    ]:
        """Return the two halves, smaller and with more feature maps."""
        y1 = self._down(x1, self.projections[0]) + self.f(x2)
        return y1, self._down(x2, self.projections[1]) + self.g(y1)

    def _down(self, x: Tensor, projection: nn.Module) -> Tensor:
        return F.pad(projection(F.avg_pool2d(x, self.stride)), (0, 0, 0, 0, 0, self.extra))


PRESETS = {
    # RevNet-38, 110 and 164 for CIFAR-10: resnet/configs/cifar_configs.py of the released code
    # (renmengye/revnet-public), with the numbers of parameters in table 2.
    "paper": {"units": (3, 3, 3), "channels": (32, 32, 64, 112), "strides": (1, 2, 2)},
    "paper_110": {"units": (9, 9, 9), "channels": (32, 32, 64, 128), "strides": (1, 2, 2)},
    "paper_164": {
        "units": (9, 9, 9),
        "channels": (32, 32, 64, 128),
        "strides": (1, 2, 2),
        "bottleneck": True,
    },
    "laptop": {"image_channels": 1, "units": (2, 2), "channels": (16, 16, 32), "strides": (1, 2)},
}

CIFAR = {
    "data": "cifar10",
    "steps": 80_000,
    "batch_size": 100,
    "learning_rate": 0.1,
    "optimizer": partial(SGD, momentum=0.9, weight_decay=2e-4),
    "schedule": learning_rates.revnet,
}

TRAINING = {
    # The same cifar_configs.py, without its random shifts and mirror images.
    **dict.fromkeys(("paper", "paper_110", "paper_164"), CIFAR),
    "laptop": {
        "data": "mnist_10k",
        "steps": 200,
        "batch_size": 64,
        "learning_rate": 1e-2,
        "weight_average": 0.95,
    },
}
