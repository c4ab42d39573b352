r"""Real NVP: affine couplings on images at several scales, with an exact density.

L. Dinh, J. Sohl-Dickstein and S. Bengio, *Density estimation using Real NVP*, ICLR 2017 (arXiv 1605.08803).
With z = f(x), their eq. 3; the coupling layers are eq. 7 and 8, the scales eq. 14 to 16:

.. math:: \log p(x) = \log N(z \mid 0, I) + \log\left|\det \frac{\partial f}{\partial x}\right|

A scale is three couplings with checkerboard masks, squeezing, and three couplings with channel-wise masks, after which
half of the channels leave as latents; the last scale is four couplings with checkerboard masks.

Aims at 3.49 bits per dimension on CIFAR-10 (their table 1).

Departs from the paper in: the logit is taken of a + (1-2a)x, as in their released code, so that it is bounded at both
ends; batch normalization of a layer uses the batch's own statistics in training, not a running mixture (their
appendix E); one residual network with two outputs gives s and t, and starts as the identity; no skip connections from
its blocks to its output; no flipped images.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from dgm_helpers.data.dequantization import from_logits, to_logits
from dgm_helpers.layers.coupling import (
    AffineCoupling,
    AxisPartition,
    CheckerboardPartition,
    channel_mask,
    checkerboard_mask,
)
from dgm_helpers.layers.invertible_batch_norm import InvertibleBatchNorm
from dgm_helpers.layers.space_to_depth import depth_to_space, space_to_depth
from dgm_helpers.models.normalizing_flow import NormalizingFlow
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.runtime import evaluation_mode

DECAY = 5e-5  # section 4.1: weight of the squared scales in the loss
SCALES = (".weight.original0", ".scale")  # those of the weight norms, and of tanh in the couplings


class RealNVP(NormalizingFlow):
    """Real NVP on images in [0, 1].

    In training mode batch statistics normalize, inside the networks and between the layers. ``log_prob`` then depends
    on the whole batch, and ignores the derivative of the statistics. In evaluation mode it is exact for each image.

    Args:
        image_channels: 1 for gray, 3 for color.
        image_size: side of square images, or (height, width); multiples of 2 ** (scales - 1).
        features: number of feature maps of the residual networks at the first scale, doubled at each further scale.
        residual_blocks: number of blocks in each of these networks.
        scales: number of scales; all except the last squeeze.
        alpha: bound of the logit's argument, alpha + (1 - 2 alpha) x.
        levels: number of gray levels of the images, to which :meth:`loss` adds uniform noise; None for images that are
            already real numbers.

    Raises:
        ValueError: if the image cannot be squeezed that often, or alpha is not between 0 and 1/2.
    """

    def __init__(
        self,
        *,
        image_channels: int = 3,
        image_size: int | tuple[int, int] = 32,
        features: int = 64,
        residual_blocks: int = 8,
        scales: int = 2,
        alpha: float = 0.05,
        levels: int | None = 256,
    ) -> None:
        super().__init__()
        height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
        blocks = 2 ** max(scales - 1, 0)
        if scales < 1 or height % blocks or width % blocks or height * width < 2 * blocks**2:
            raise ValueError(
                f"images of {height}×{width} pixels cannot be divided into {scales} scales of at least 2 pixels"
            )
        if not 0 < alpha < 0.5:
            raise ValueError(f"alpha must be between 0 and 1/2, got {alpha}")
        self.shape, self.alpha, self.levels = (image_channels, height, width), alpha, levels
        self.prior = StandardNormal(latent_dim=math.prod(self.shape))
        self.scales = nn.ModuleList(
            Scale(shape, features * 2**scale, residual_blocks, last=scale == scales - 1)
            for scale, shape in enumerate(scale_shapes(self.shape, scales))
        )

    def transform(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, " batch"]]:
        """Return z = f(x), the finest scale first, and log|det df/dx| of each image in nats, including the logit's.

        Raises:
            ValueError: if the images have a different shape from the model's.
        """
        if x.shape[1:] != self.shape:
            raise ValueError(f"images must have the shape {self.shape}, got {tuple(x.shape[1:])}")
        h, log_det = to_logits(x, self.alpha)
        latents = []
        for scale in self.scales:
            h, z, more = scale(h)
            latents.append(z.flatten(1))
            log_det = log_det + more
        return torch.cat(latents, dim=1), log_det

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch channels height width"]:
        """Return the image x that :meth:`encode` maps to z in evaluation mode; the model may be in either mode.

        A few values lie outside [0, 1], by no more than alpha / (1 - 2 alpha).
        """
        sizes = [math.prod(scale.latent_shape) for scale in self.scales]
        h = None
        with evaluation_mode(self):  # the couplings' networks must also normalize with the running statistics
            for scale, part in zip(reversed(self.scales), reversed(z.split(sizes, dim=1)), strict=True):
                h = scale.inverse(h, part.view(-1, *scale.latent_shape))
        return from_logits(h, self.alpha)

    def parameter_groups(self, learning_rate: float) -> list[dict]:
        """Return two groups: the scales, the sum of whose squares times :data:`DECAY` is penalized, and all others.

        Section 4.1; the released code counts the scale of s among the scales. Weight decay adds to the gradient, where
        the factor is twice as large.
        """
        named = list(self.named_parameters())
        scales = [parameter for name, parameter in named if name.endswith(SCALES)]
        others = [parameter for name, parameter in named if not name.endswith(SCALES)]
        return [{"params": others, "lr": learning_rate},
                {"params": scales, "lr": learning_rate, "weight_decay": 2 * DECAY}]  # fmt: skip


def scale_shapes(shape: tuple[int, int, int], scales: int) -> list[tuple[int, int, int]]:
    """Return the shape of each scale's input: squeezing makes four channels of one, and half of them leave."""
    channels, height, width = shape
    return [(channels * 2**i, height // 2**i, width // 2**i) for i in range(scales)]


class Scale(nn.Module):
    """One scale: couplings and, except in the last, squeezing, more couplings, and a half that leaves as latents.

    Args:
        shape: channels, height and width of the input.
        features: number of feature maps of the residual networks.
        residual_blocks: number of blocks in each of them.
        last: whether it is the last scale.
    """

    def __init__(
        self, shape: tuple[int, int, int], features: int, residual_blocks: int, *, last: bool
    ) -> None:
        super().__init__()
        channels, height, width = shape
        self.last = last
        self.latent_shape = shape if last else (2 * channels, height // 2, width // 2)
        self.fine = nn.ModuleList()
        for layer in range(4 if last else 3):
            board = CheckerboardPartition(checkerboard_mask(height, width, keep_even=layer % 2 == 0))
            network = ResidualNetwork(channels, features, 2 * channels, residual_blocks)
            self.fine += [AffineCoupling(network, board, channels), InvertibleBatchNorm(channels)]
        self.coarse = nn.ModuleList()
        for layer in range(0 if last else 3):
            halves = AxisPartition(channel_mask(4 * channels, keep_first=layer % 2 == 0))
            network = ResidualNetwork(2 * channels, 2 * features, 4 * channels, residual_blocks)
            self.coarse += [AffineCoupling(network, halves, 2 * channels), InvertibleBatchNorm(4 * channels)]

    def forward(
        self, h: Float[Tensor, "batch channels height width"]
    ) -> tuple[Tensor | None, Tensor, Float[Tensor, " batch"]]:
        """Return the input of the next scale (None from the last), the latents that leave, and log|det| in nats."""
        log_det = h.new_zeros(len(h))
        for layer in self.fine:
            h, more = layer(h)
            log_det = log_det + more
        if self.last:
            return None, h, log_det
        h = space_to_depth(h)
        for layer in self.coarse:
            h, more = layer(h)
            log_det = log_det + more
        stays, leaves = h.chunk(2, dim=1)
        return stays, leaves, log_det

    def inverse(
        self, stays: Tensor | None, leaves: Float[Tensor, "batch latents height width"]
    ) -> Float[Tensor, "batch channels more_high more_wide"]:
        """Return the scale's input, given the two outputs of :meth:`forward`."""
        h = leaves if stays is None else torch.cat([stays, leaves], dim=1)
        for layer in reversed(self.coarse):
            h = layer.inverse(h)
        h = h if self.last else depth_to_space(h)
        for layer in reversed(self.fine):
            h = layer.inverse(h)
        return h


class ResidualNetwork(nn.Module):
    """The network of a coupling: pre-activation residual blocks with batch and weight normalization (section 3.7).

    Its last convolution starts at zero, so the coupling starts as the identity.
    """

    def __init__(self, inputs: int, features: int, outputs: int, blocks: int) -> None:
        super().__init__()
        self.first = convolution(inputs, features, 3)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(features), nn.ReLU(), convolution(features, features, 3),
                nn.BatchNorm2d(features), nn.ReLU(), convolution(features, features, 3),
            ) for _ in range(blocks)
        )  # fmt: skip
        self.last = nn.Sequential(nn.BatchNorm2d(features), nn.ReLU(), convolution(features, outputs, 1))
        nn.init.zeros_(self.last[-1].parametrizations.weight.original0)
        nn.init.zeros_(self.last[-1].bias)

    def forward(
        self, x: Float[Tensor, "batch inputs height width"]
    ) -> Float[Tensor, "batch outputs height width"]:
        """Return the raw s and t, side by side."""
        h = self.first(x)
        for block in self.blocks:
            h = h + block(h)
        return self.last(h)


def convolution(inputs: int, outputs: int, size: int) -> nn.Module:
    """Return a convolution with weight normalization that keeps height and width."""
    return weight_norm(nn.Conv2d(inputs, outputs, size, padding=size // 2))


PRESETS = {
    # Section 4.1: for CIFAR-10 eight residual blocks, 64 feature maps, one down-scaling; alpha 0.05. Adam with its
    # default numbers and 5e-5 of the weight norms' squares. real_nvp_multiscale_dataset.py of the released code adds to
    # each residual network a 1×1 convolution after every block (skip connections), which is omitted here.
    "paper": {"features": 64, "residual_blocks": 8, "scales": 2, "alpha": 0.05},
    "laptop": {"image_channels": 1, "image_size": 28, "features": 16, "residual_blocks": 1, "scales": 3},
}

TRAINING = {
    # Section 4.1: batches of 64; the number of steps is ours.
    "paper": {"data": "cifar10", "steps": 200_000, "batch_size": 64, "learning_rate": 1e-3},
    "laptop": {
        "data": "mnist_10k",
        "steps": 400,
        "batch_size": 32,
        "learning_rate": 5e-3,
        "weight_average": 0.99,
    },
}
