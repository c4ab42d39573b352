"""The decoder of the variational lossy autoencoder: masked convolutions over a small window, and a code."""

from einops import rearrange
from einops.layers.torch import Rearrange
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.encoder_decoder import transposed_convolutions
from dgm_helpers.layers.masked_conv import MaskedConv2d
from dgm_helpers.layers.row_cache import Apply, convolve
from dgm_helpers.objectives.pixel_levels import centered


class WindowedDecoder(nn.Module):
    """Decoder that computes logits of each sub-pixel from z and the earlier sub-pixels in a window around it.

    The window reaches ``layers * (kernel_size // 2)`` rows up and columns to either side, except for its blind spot.

    Args:
        image_shape: channels, height and width of an image.
        levels: number of values of a sub-pixel.
        latent_dim: number of latent dimensions d.
        channels: numbers of feature maps, the same as the encoder's.
        local_channels: number of features of the masked layers.
        layers: number of masked layers.
        kernel_size: kernel size of a masked layer, odd.

    Raises:
        ValueError: if ``layers`` is less than 1, or ``kernel_size`` is not odd.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        levels: int,
        latent_dim: int,
        channels: tuple[int, int],
        local_channels: int,
        layers: int,
        kernel_size: int,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(
                f"layers must be at least 1, got {layers}; for a decoder that sees no pixel, use a kernel size of 1"
            )
        self.image_channels, size, _ = image_shape
        first, second = channels
        self.from_code = nn.Sequential(
            nn.Linear(latent_dim, second * (size // 4) ** 2), nn.ReLU(),
            Rearrange("b (c h w) -> b c h w", c=second, h=size // 4),
            *transposed_convolutions((second, first, first)),
            nn.Conv2d(first, layers * local_channels, 1),
        )  # fmt: skip
        inputs = [self.image_channels] + [local_channels] * (layers - 1)
        self.layers = nn.ModuleList(
            MaskedConv2d(before, local_channels, kernel_size, "A" if i == 0 else "B", self.image_channels)
            for i, before in enumerate(inputs)
        )
        outputs = self.image_channels * (1 if levels == 2 else levels)
        self.head = MaskedConv2d(local_channels, local_channels, 1, "B", self.image_channels)
        self.output = MaskedConv2d(local_channels, outputs, 1, "B", self.image_channels)

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        z: Float[Tensor, "batch latent"],
    ) -> Float[Tensor, "batch outputs channels height width"]:
        """Return one logit per sub-pixel for a Bernoulli, else one per sub-pixel and level."""
        return self.evaluate(centered(x), self.from_code(z), convolve)

    def evaluate(
        self,
        x: Float[Tensor, "batch channels *space"],
        code: Float[Tensor, "batch features *space"],
        apply: Apply,
    ) -> Tensor:
        """Apply the masked layers to pixels in [-1, 1], of images or at one pixel; ``code`` is z's part there."""
        features: Tensor = x
        for i, (layer, from_code) in enumerate(
            zip(self.layers, code.chunk(len(self.layers), dim=1), strict=True)
        ):
            update = (apply(layer, features) + from_code).relu()
            features = update if i == 0 else features + update
        output = apply(self.output, apply(self.head, features).relu())
        return rearrange(output, "b (k c) ... -> b k c ...", c=self.image_channels)
