"""Causal convolutions by shifting, and the gated residual block: what PixelCNN++ and PixelSNAIL are built from.

T. Salimans et al., *PixelCNN++*, ICLR 2017 (arXiv 1701.05517) and its published code. A kernel is not masked but moved:
padded only above (and to the left), it reads nothing below (or to the right of) its pixel. Weights are normalized
(T. Salimans and D. P. Kingma, *Weight Normalization*, 2016), and can be scaled to a first batch.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from dgm_helpers.layers.row_cache import Apply, convolve
from dgm_helpers.runtime import drawing_device

ACTIVATIONS = ("concat_elu", "elu")


class ShiftedConv2d(nn.Module):
    """Weight-normalized convolution that reads rows up to its own.

    Of its own row it reads the pixels around (``"down"``) or those up to itself (``"down_right"``).

    Args:
        in_channels: number of input features.
        out_channels: number of output features.
        kernel_size: height and width; an odd width for ``"down"``.
        shift: ``"down"`` or ``"down_right"``.
        stride: 2 halves height and width, 1 keeps them.
        init_scale: standard deviation of an output after :func:`initialize`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int],
        shift: str,
        stride: int = 1,
        init_scale: float = 1.0,
    ) -> None:
        super().__init__()
        height, width = kernel_size
        side = (width // 2, width // 2) if shift == "down" else (width - 1, 0)
        self.padding, self.init_scale = (*side, height - 1, 0), init_scale
        self.conv = weight_norm(nn.Conv2d(in_channels, out_channels, kernel_size, stride))

    @property
    def bias(self) -> Tensor:
        """The number added to each output feature."""
        return self.conv.bias

    def kernel(self) -> Float[Tensor, "out in height width"]:
        """Return the normalized weight."""
        return self.conv.weight

    def forward(self, x: Float[Tensor, "batch in height width"]) -> Float[Tensor, "batch out rows columns"]:
        """Return the convolution of ``x``."""
        return self.conv(F.pad(x, self.padding))


class ShiftedUpsample2d(nn.Module):
    """Weight-normalized transposed convolution that doubles height and width, and stays causal.

    Args:
        channels: number of features.
        kernel_size: (2, 3) for ``"down"``, (2, 2) for ``"down_right"``.
        shift: ``"down"`` or ``"down_right"``.
    """

    def __init__(self, channels: int, kernel_size: tuple[int, int], shift: str) -> None:
        super().__init__()
        self.left, self.init_scale = (kernel_size[1] // 2 if shift == "down" else 0), 1.0
        # One column more than is kept, so that the kernel's middle can be cut out.
        conv = nn.ConvTranspose2d(channels, channels, kernel_size, stride=2, output_padding=(0, 1))
        self.conv = weight_norm(conv, dim=1)

    def forward(
        self, x: Float[Tensor, "batch features height width"]
    ) -> Float[Tensor, "batch features rows columns"]:
        """Return the transposed convolution of ``x``."""
        return self.conv(x)[:, :, : 2 * x.shape[2], self.left : self.left + 2 * x.shape[3]]


class GatedResidual(nn.Module):
    """Gated residual block, :math:`x + a \\odot \\sigma(b)`; with a side input and a class if there are any.

    Args:
        channels: number of features.
        kernel_size: kernel size of both convolutions.
        shift: ``"down"`` or ``"down_right"``.
        side_channels: number of features of the side input, 0 for none.
        classes: number of classes, 0 for none.
        dropout: probability with which a feature of one pixel is dropped between the convolutions.
        activation: ``"concat_elu"`` or ``"elu"``, before each convolution; the former doubles what that reads.

    Raises:
        ValueError: if the activation is not one of those listed.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: tuple[int, int],
        shift: str,
        *,
        side_channels: int = 0,
        classes: int = 0,
        dropout: float = 0.0,
        activation: str = "concat_elu",
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {activation!r}")
        self.activation, width = (concat_elu, 2) if activation == "concat_elu" else (F.elu, 1)
        self.first = ShiftedConv2d(width * channels, channels, kernel_size, shift)
        self.side = ShiftedConv2d(width * side_channels, channels, (1, 1), shift) if side_channels else None
        self.condition = nn.Embedding(classes, 2 * channels) if classes else None
        self.dropout = dropout
        self.second = ShiftedConv2d(width * channels, 2 * channels, kernel_size, shift, init_scale=0.1)

    def forward(
        self,
        x: Float[Tensor, "batch features *space"],
        side: Float[Tensor, "batch side *space"] | None = None,
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
        apply: Apply = convolve,
    ) -> Float[Tensor, "batch features *space"]:
        """Return the block's output; the generator draws what is dropped, in training."""
        features = apply(self.first, self.activation(x))
        if self.side is not None:
            features = features + apply(self.side, self.activation(side))
        features = self.activation(features)
        if self.training and self.dropout:
            features = drop(features, self.dropout, generator)
        features = apply(self.second, features)
        if self.condition is not None:
            condition = self.condition(label)
            features = features + condition.reshape(*condition.shape, *[1] * (features.ndim - 2))
        a, b = features.chunk(2, dim=1)
        return x + a * b.sigmoid()


def concat_elu(x: Float[Tensor, "batch features *space"]) -> Float[Tensor, "batch twice *space"]:
    """Return the ELU of the features and of their negatives, one after the other."""
    return F.elu(torch.cat([x, -x], dim=1))


def drop(
    x: Float[Tensor, "*shape"], probability: float, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Drop single elements at random, and scale the others up to preserve the mean."""
    device = drawing_device(generator, x.device)
    kept = torch.rand(x.shape, generator=generator, device=device).to(x.device) >= probability
    return x * kept / (1 - probability)


def shift_down(
    x: Float[Tensor, "batch features height width"],
) -> Float[Tensor, "batch features height width"]:
    """Move each row to the next, with zeros in the first."""
    return F.pad(x, (0, 0, 1, 0))[:, :, :-1]


def shift_right(
    x: Float[Tensor, "batch features height width"],
) -> Float[Tensor, "batch features height width"]:
    """Move each column to the next, with zeros in the first."""
    return F.pad(x, (1, 0))[..., :-1]


def with_ones(x: Float[Tensor, "batch channels *space"]) -> Float[Tensor, "batch inputs *space"]:
    """Append a channel of ones to the image: it tells padding from gray."""
    return torch.cat([x, torch.ones_like(x[:, :1])], dim=1)


@torch.no_grad()
def initialize(model: nn.Module, forward: object, x: Tensor) -> None:
    """Scale and shift every convolution so that on a first batch its outputs have mean 0 and its standard deviation.

    Salimans and Kingma (2016), section 3.

    Args:
        model: a model of these layers.
        forward: the function of ``x`` that evaluates all of them.
        x: a batch of data.
    """

    def adapt(layer: nn.Module, _: object, output: Tensor) -> Tensor:
        scale = layer.init_scale / (output.var(dim=(0, 2, 3), unbiased=False) + 1e-10).sqrt()
        shift = -output.mean(dim=(0, 2, 3)) * scale
        magnitude = layer.conv.parametrizations.weight.original0
        magnitude.mul_(scale.view(magnitude.shape))
        layer.conv.bias.copy_(layer.conv.bias * scale + shift)
        return output * scale[:, None, None] + shift[:, None, None]

    layers = [m for m in model.modules() if isinstance(m, ShiftedConv2d | ShiftedUpsample2d)]
    hooks = [layer.register_forward_hook(adapt) for layer in layers]
    try:
        forward(x)
    finally:
        for hook in hooks:
            hook.remove()
