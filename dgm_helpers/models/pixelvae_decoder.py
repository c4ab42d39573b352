"""The decoder of a PixelVAE: gated layers over the pixels, all of whose gates read z_1, or no such layers.

The networks of the latents are those of :mod:`~dgm_helpers.models.pixelvae` and
:mod:`~dgm_helpers.models.pixelvae_map`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.gated_stacks import Conditions
from dgm_helpers.models.autoregressive_images import require_levels
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.hierarchical_vae import NetworkHierarchy
from dgm_helpers.objectives.pixel_levels import draw_in_raster_order, draw_uniforms, level_log_prob


class PixelDecoder(NetworkHierarchy):
    """A hierarchy of latents over images, whose p(x|z_1) is autoregressive.

    Args:
        levels: number of values of a sub-pixel.
        gate: function of a number that builds a layer from the decoder's output to this many values, either at each
            pixel or once for all pixels.
        layers: number of gated layers; 0 for pixels that are independent given z_1.
        channels: number of features of the gated layers.
        kernel_size: kernel size of the gated layers.
        first_kernel_size: kernel size of the convolution before them.
        hierarchy: the arguments of :class:`NetworkHierarchy`; its ``data_shape`` is channels, height and width.

    Raises:
        ValueError: if there are fewer than two levels, or as for :class:`GatedPixelCNN` and :class:`NetworkHierarchy`.
    """

    def __init__(
        self,
        *,
        levels: int,
        gate: Callable[[int], nn.Module],
        layers: int,
        channels: int,
        kernel_size: int,
        first_kernel_size: int,
        **hierarchy: Any,
    ) -> None:
        super().__init__(**hierarchy)
        require_levels(levels)
        self.levels = levels
        image_channels, image_size, _ = self.data_shape
        self.pixels = GatedPixelCNN(
            image_size=image_size, image_channels=image_channels, levels=levels, channels=channels, layers=layers,
            kernel_size=kernel_size, first_kernel_size=first_kernel_size,
        ) if layers else None  # fmt: skip
        self.gates = nn.ModuleList(gate(2 * channels) for _ in range(layers))
        # Without gated layers the decoder's map itself is turned into logits.
        self.output = None if layers else gate(image_channels * (1 if levels == 2 else levels))

    def conditions(self, z: Float[Tensor, "batch latent"]) -> Conditions:
        """Return the contribution of z_1 to the gates of each layer: a vector, or a map."""
        features = self.decoder(z)
        return [gate(features) for gate in self.gates]

    def logits(
        self, x: Float[Tensor, "batch channels height width"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch outputs channels height width"]:
        """Return logits of each sub-pixel given z_1 and all earlier ones: one for a Bernoulli, else one per level."""
        if self.output is not None:
            return rearrange(self.output(self.decoder(z)), "b (k c) ... -> b k c ...", c=self.data_shape[0])
        return self.pixels.logits_given(x, self.conditions(z))

    def log_likelihood(
        self, x: Float[Tensor, "batch *pixels"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Return log p(x|z_1), in nats, for each image and each of its z_1.

        Raises:
            ValueError: if a pixel is not one of the levels.
        """
        images = x.reshape(-1, *self.data_shape).expand(*z.shape[:-2], -1, -1, -1, -1).flatten(0, -4)
        logits = self.logits(images, z.flatten(0, -2))
        return level_log_prob(images, logits, self.levels).view(z.shape[:-1])

    def draw_noise(self, n: int, generator: torch.Generator | None = None) -> dict[int, Tensor]:
        """Draw standard normal noise for each layer of latents, and as layer 0 a uniform number for each sub-pixel."""
        like = next(self.parameters())
        return {
            **super().draw_noise(n, generator),
            0: draw_uniforms((n, *self.data_shape), like, generator),
        }

    @torch.no_grad()
    def emit(
        self, z: Float[Tensor, "batch latent"], noise: Mapping[int, Tensor], *, cached: bool = True
    ) -> Float[Tensor, "batch channels height width"]:
        """Return x ~ p(x|z_1), the images that the uniform numbers of layer 0 turn into.

        Args:
            z: the lowest latents, z_1.
            noise: the noise of all layers, of which only layer 0 is used.
            cached: see :meth:`GatedPixelCNN.sample`.
        """
        if self.output is None:
            return self.pixels.sample_given(noise[0], self.conditions(z), cached=cached)
        logits = self.logits(noise[0], z)  # they depend only on z
        return draw_in_raster_order(lambda _, *place: logits[(..., *place)], noise[0], self.levels)
