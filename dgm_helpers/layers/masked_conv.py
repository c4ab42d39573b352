r"""Convolutions that see no later pixel: masks of types A and B, and the two stacks of the Gated PixelCNN.

An image is read row by row, and within a pixel channel by channel (R, G, B). A. van den Oord, N. Kalchbrenner and
K. Kavukcuoglu, *Pixel Recurrent Neural Networks*, ICML 2016 (arXiv 1601.06759), section 3.4: a mask of type A, for the
first layer, hides the current sub-pixel and all later ones; type B, for every other layer, hides only the later ones.
A. van den Oord et al., *Conditional Image Generation with PixelCNN Decoders*, NIPS 2016 (arXiv 1606.05328), section
2.2, split the visible half into the rows above and the pixels to the left in the pixel's own row, so that no blind
spot remains.

Features belong to image channels in turn: feature f belongs to channel f mod C, so that halves and thirds of a stack of
features keep their channels (the paper leaves the order open).

The rows below the center, which every mask hides, are not part of a kernel. The rest of a mask is multiplied in the
forward pass and not written into the weight, which would break ``torch.func`` and shared weights.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

KINDS = ("A", "B")


class CausalConv2d(nn.Module):
    """Convolution of an image with a partly masked kernel; it does not change height and width.

    Args:
        mask: True where an output may see an input.
        padding: rows and columns of zeros around the image: left, right, top, bottom.
    """

    def __init__(self, mask: Bool[Tensor, "out in height width"], padding: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.padding = padding
        self.register_buffer("mask", mask.clone(), persistent=False)
        self.weight = nn.Parameter(torch.empty(mask.shape))
        self.bias = nn.Parameter(torch.zeros(mask.shape[0]))
        # Uniform with variance 1 / (3 visible inputs), like torch's convolutions; visible inputs differ by output.
        bound = 1 / mask.flatten(1).sum(dim=1).clamp_min(1).sqrt()
        with torch.no_grad():
            self.weight.copy_((2 * torch.rand(mask.shape) - 1) * bound[:, None, None, None] * mask)

    def kernel(self) -> Float[Tensor, "out in height width"]:
        """Return the weight, with zeros where the mask hides inputs."""
        return self.weight * self.mask

    def forward(self, x: Float[Tensor, "batch in height width"]) -> Float[Tensor, "batch out height width"]:
        """Return the masked convolution of ``x``."""
        return F.conv2d(F.pad(x, self.padding), self.kernel(), self.bias)


class MaskedConv2d(CausalConv2d):
    """Convolution that sees the rows above, the pixels to the left, and the channels of its pixel that ``kind`` allows.

    Args:
        in_channels: number of input features.
        out_channels: number of output features.
        kernel_size: height and width of the mask, odd; the kernel is its upper half.
        kind: type of mask, ``"A"`` or ``"B"``, see :func:`causal_mask`.
        image_channels: number of channels C of the image; features are split among them.

    Raises:
        ValueError: if the kernel size is not odd, or ``kind`` is neither A nor B.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, kind: str, image_channels: int = 1
    ) -> None:
        half = kernel_size // 2
        mask = causal_mask(kernel_size, kind, in_channels, out_channels, image_channels)
        super().__init__(mask[:, :, : half + 1], padding=(half, half, half, 0))


class HorizontalConv2d(CausalConv2d):
    """The horizontal stack's 1×n convolution: it sees the pixels to the left, and its own pixel as ``kind`` allows.

    Arguments and errors are those of :class:`MaskedConv2d`.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, kind: str, image_channels: int = 1
    ) -> None:
        half = kernel_size // 2
        mask = causal_mask(kernel_size, kind, in_channels, out_channels, image_channels)
        super().__init__(mask[:, :, half : half + 1, : half + 1], padding=(half, 0, 0, 0))


class VerticalConv2d(CausalConv2d):
    """The vertical stack's n×n convolution: it sees full rows, with nothing hidden within them.

    The first one sees the rows strictly above. Every later one also sees its own row, because that row of its input
    already depends only on the rows above. To shift again in each layer would leave a blind spot at every depth.

    Args:
        in_channels: number of input features.
        out_channels: number of output features.
        kernel_size: height and width of the full kernel, odd, of which the upper half is used.
        first: whether the input is the image.

    Raises:
        ValueError: if the kernel size is not odd, or is 1 in the first layer, which would see nothing.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, first: bool = False) -> None:
        _require_odd(kernel_size)
        if first and kernel_size == 1:
            raise ValueError(
                "kernel_size must be at least 3 in the first vertical convolution, which sees only rows above; got 1"
            )
        half = kernel_size // 2
        mask = torch.ones(out_channels, in_channels, half + (not first), kernel_size, dtype=torch.bool)
        # The first kernel ends one row higher, and so must its input: no output sees the last row of the image.
        super().__init__(mask, padding=(half, half, half, -1 if first else 0))
        self.first = first


def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> Bool[Tensor, "{out_channels} {in_channels} {kernel_size} {kernel_size}"]:
    """Return a mask that is True where an output feature may see an input in the window around its pixel.

    Van den Oord et al. (2016), section 3.4 and figure 2. Rows above and pixels to the left are visible. At the center
    an output of channel c sees inputs of the channels before c (type A), or up to c (type B).

    Args:
        kernel_size: height and width of the window, odd.
        kind: type of mask, ``"A"`` or ``"B"``.
        in_channels: number of input features; feature f belongs to channel f mod ``image_channels``.
        out_channels: number of output features, which belong to channels in the same way.
        image_channels: number of channels of the image.

    Raises:
        ValueError: if the kernel size is not odd, or ``kind`` is neither A nor B.
    """
    _require_odd(kernel_size)
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    position = torch.arange(kernel_size**2).view(kernel_size, kernel_size)
    center = kernel_size**2 // 2
    mask = (position < center).expand(out_channels, in_channels, -1, -1).clone()
    source = torch.arange(in_channels) % image_channels
    target = torch.arange(out_channels)[:, None] % image_channels
    middle = kernel_size // 2
    mask[:, :, middle, middle] = source < target if kind == "A" else source <= target
    return mask


def receptive_field(
    height: int, width: int, rows: int, columns: int
) -> Bool[Tensor, "{height} {width} {height} {width}"]:
    """Return which pixels the output at each place should see: entry [i, j, a, b] is True if (i, j) should see (a, b).

    These are the earlier pixels in raster order at most ``rows`` above and at most ``columns`` to either side.
    """
    place, across = torch.arange(height), torch.arange(width)
    down = place[:, None, None, None] - place[:, None]
    right = across[:, None, None] - across
    return ((down > 0) | ((down == 0) & (right > 0))) & (down <= rows) & (right.abs() <= columns)


def _require_odd(kernel_size: int) -> None:
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size must be odd, so that the kernel has a center; got {kernel_size}")
