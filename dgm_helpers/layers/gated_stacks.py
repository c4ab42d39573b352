r"""The gated vertical and horizontal stacks of the Gated PixelCNN, over a map of real numbers, without a blind spot.

A. van den Oord et al., *Conditional Image Generation with PixelCNN Decoders*, NIPS 2016 (arXiv 1606.05328), section 2
and figure 2. With a condition h in every gate (their eqs. 2 and 4)

.. math:: y = \tanh(W_{k,f} * x + V_{k,f} h) \odot \sigma(W_{k,g} * x + V_{k,g} h).

The map is the image itself, or a map of latents: each place sees the places before it in raster order, and the same
condition at every place or one that differs from place to place. The vertical stack reads whole rows above; the
horizontal one reads the vertical one and the places to the left, and nothing goes back. The output is computed from the
sum of the skip connections of all layers.
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.masked_conv import HorizontalConv2d, VerticalConv2d
from dgm_helpers.layers.row_cache import Apply, convolve

# The term V h in each layer's gates: None, numbers [batch, gates], or a map [batch, gates, height, width].
Conditions = Sequence[Tensor | None]


class GatedStacks(nn.Module):
    """Gated vertical and horizontal stacks: outputs at each place of a map, given the places before it.

    Args:
        in_channels: number of channels of the map.
        outputs: number of outputs at each place.
        channels: number p of features of each stack.
        layers: number of gated layers.
        kernel_size: size n of the layers' n×n and 1×n convolutions, odd.
        first_kernel_size: size of the convolutions before them, which read the map and have no gates.
        image_channels: number C of channels at a place if these are ordered: input, feature and output f belong to
            channel f mod C, and outputs see the channels before theirs. With 1 they see nothing of their own place.
        classes: number of classes, 0 for none.

    Raises:
        ValueError: if there are no layers, a kernel size is even, or the first is 1.
    """

    def __init__(
        self,
        in_channels: int,
        outputs: int,
        *,
        channels: int,
        layers: int,
        kernel_size: int,
        first_kernel_size: int,
        image_channels: int = 1,
        classes: int = 0,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers must be at least 1, got {layers}")
        self.first_vertical = VerticalConv2d(in_channels, channels, first_kernel_size, first=True)
        self.first_horizontal = HorizontalConv2d(
            in_channels, channels, first_kernel_size, "A", image_channels
        )
        self.layers = nn.ModuleList(
            GatedLayer(channels, kernel_size, image_channels, classes) for _ in range(layers)
        )
        self.head = HorizontalConv2d(channels, channels, 1, "B", image_channels)
        self.output = HorizontalConv2d(channels, outputs, 1, "B", image_channels)

    def forward(
        self, x: Float[Tensor, "batch in height width"], conditions: Conditions
    ) -> Float[Tensor, "batch outputs height width"]:
        """Return the outputs at every place, given the term of the condition in each layer's gates."""
        return self.left(x, self.above(x, conditions, convolve), conditions, convolve)

    def above(self, x: Tensor, conditions: Conditions, apply: Apply) -> list[Tensor]:
        """Evaluate the vertical stack; return what it passes to the horizontal one in each layer."""
        features, links = apply(self.first_vertical, x), []
        for layer, condition in zip(self.layers, conditions, strict=True):
            features, link = layer.above(features, condition, apply)
            links.append(link)
        return links

    def left(self, x: Tensor, links: Sequence[Tensor], conditions: Conditions, apply: Apply) -> Tensor:
        """Evaluate the horizontal stack and the output, given the links from the vertical one."""
        features, total = apply(self.first_horizontal, x), 0.0
        for layer, link, condition in zip(self.layers, links, conditions, strict=True):
            features, skip = layer.left(features, link, condition, apply)
            total = total + skip
        return apply(self.output, apply(self.head, total.relu()).relu())


class GatedLayer(nn.Module):
    """One layer of both stacks, figure 2 of the paper.

    Args:
        channels: number p of features of each stack.
        kernel_size: size n of the convolutions, odd.
        image_channels: number of channels of the image.
        classes: number of classes, 0 for none.
    """

    def __init__(self, channels: int, kernel_size: int, image_channels: int, classes: int) -> None:
        super().__init__()
        self.vertical = VerticalConv2d(channels, 2 * channels, kernel_size)
        self.link = VerticalConv2d(2 * channels, 2 * channels, 1)
        self.horizontal = HorizontalConv2d(channels, 2 * channels, kernel_size, "B", image_channels)
        self.out = HorizontalConv2d(channels, 2 * channels, 1, "B", image_channels)
        self.condition = nn.Embedding(classes, 2 * channels) if classes else None

    def above(self, x: Tensor, condition: Tensor | None, apply: Apply) -> tuple[Tensor, Tensor]:
        """Return the vertical stack's new features, and its link to the horizontal stack from before the gate."""
        features = apply(self.vertical, x)
        return gated_activation(features, condition), apply(self.link, features)

    def left(self, x: Tensor, link: Tensor, condition: Tensor | None, apply: Apply) -> tuple[Tensor, Tensor]:
        """Return the horizontal stack's new features, and the skip connection."""
        gated = gated_activation(apply(self.horizontal, x) + link, condition)
        residual, skip = apply(self.out, gated).chunk(2, dim=1)
        return x + residual, skip


def gated_activation(
    features: Float[Tensor, "batch gates *space"],
    condition: Float[Tensor, "batch gates *place"] | None = None,
) -> Float[Tensor, "batch half *space"]:
    r"""Return :math:`\tanh(f) \odot \sigma(g)` of the halves f, g of ``features`` + ``condition``, eqs. 2 and 4.

    The condition is the same everywhere, or has a value for each place (the paper's section 2.3, :math:`V * s`).
    """
    if condition is not None:
        features = features + condition.reshape(*condition.shape, *[1] * (features.ndim - condition.ndim))
    f, g = features.chunk(2, dim=1)
    return f.tanh() * g.sigmoid()
