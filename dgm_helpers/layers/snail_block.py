"""PixelSNAIL's block of causal convolutions and attention, and the positions that it reads.

X. Chen, N. Mishra, M. Rohaninejad and P. Abbeel, *PixelSNAIL*, ICML 2018 (arXiv 1712.09763), and its published code.
"""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

from dgm_helpers.layers.causal_attention import causal_attention
from dgm_helpers.layers.row_cache import Apply, convolve
from dgm_helpers.layers.shifted_conv import GatedResidual, ShiftedConv2d


class SnailBlock(nn.Module):
    """Gated residual blocks, then attention, then one more block that merges both.

    Args:
        image_channels: number of channels of the image.
        channels: number of features.
        residuals: number of gated residual blocks before the attention.
        key_size: length of a query and of a key.
        value_size: length of a value.
        classes: number of classes, 0 for none.
        dropout: probability of dropping an element.
        activation: activation in the residual blocks.
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
        activation: str,
    ) -> None:
        super().__init__()
        options = {"dropout": dropout, "activation": activation}
        self.residuals = nn.ModuleList(
            GatedResidual(channels, (2, 2), "down_right", classes=classes, **options)
            for _ in range(residuals)
        )
        content, asked, pixel = image_channels + channels + 2, channels + 2, ((1, 1), "down_right")
        self.content = GatedResidual(content, *pixel, **options)
        self.key_value = ShiftedConv2d(content, key_size + value_size, *pixel)
        self.asked = GatedResidual(asked, *pixel, **options)
        self.query = ShiftedConv2d(asked, key_size, *pixel)
        self.merge = GatedResidual(channels, *pixel, side_channels=value_size, **options)
        self.sizes = [key_size, value_size]

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        features: Float[Tensor, "batch features height width"],
        position: Float[Tensor, "batch 2 height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "batch features height width"]:
        """Return the block's features on whole images."""
        for residual in self.residuals:
            features = residual(features, label=label, generator=generator)
        query = self.ask(features, position, generator)
        key, value = self.offer(x, features, position, generator)
        sequences = (rearrange(part, "b f h w -> b (h w) f") for part in (query, key, value))
        attended = rearrange(causal_attention(*sequences), "b (h w) f -> b f h w", h=x.shape[2])
        return self.merge(features, attended, generator=generator)

    def ask(
        self,
        features: Tensor,
        position: Tensor,
        generator: torch.Generator | None = None,
        apply: Apply = convolve,
    ) -> Tensor:
        """Return the queries, from features and position, which contain nothing of their own pixel's values."""
        inputs = torch.cat([features, position], dim=1)
        return apply(self.query, self.asked(inputs, generator=generator, apply=apply))

    def offer(
        self,
        x: Tensor,
        features: Tensor,
        position: Tensor,
        generator: torch.Generator | None = None,
        apply: Apply = convolve,
    ) -> tuple[Tensor, Tensor]:
        """Return keys and values, which also see their own pixel, since only later pixels attend to it."""
        content = self.content(torch.cat([x, features, position], dim=1), generator=generator, apply=apply)
        key, value = apply(self.key_value, content).split(self.sizes, dim=1)
        return key, value


def positions(
    x: Float[Tensor, "batch channels height width"], size: int
) -> Float[Tensor, "batch 2 height width"]:
    """Return row and column of each pixel as fractions of ``size``, starting at -1/2."""
    rows, columns = (torch.arange(length).to(x) / size - 0.5 for length in x.shape[2:])
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(x), -1, -1, -1)
