"""The decoder of a PixelVAE: gated layers over the pixels, each of whose gates is told of z_1, or none of them.

What turns z_1 into features, and the latents above it, is :mod:`~dgm_helpers.models.pixelvae`.
"""

from collections.abc import Mapping

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.gated_stacks import Conditions
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.latent_hierarchy import LatentHierarchy
from dgm_helpers.objectives.pixel_levels import draw_in_raster_order, draw_uniforms, level_log_prob


class PixelDecoder(LatentHierarchy):
    """p(x|z_1) of images, pixel by pixel; a subclass brings the latents.

    Attributes:
        data_shape: channels, height and width of the image.
        levels: values that a sub-pixel takes.
        latent_dims: number of latent dimensions of each layer, from the bottom.
        decoder: from z_1 to what the gates read, a map of the image's size or numbers.
    """

    data_shape: tuple[int, int, int]
    levels: int
    decoder: nn.Module

    def _decode_pixels(
        self,
        features: int,
        upsampling: bool,
        *,
        layers: int,
        channels: int,
        kernel_size: int,
        first_kernel_size: int,
    ) -> None:
        """Gated layers, gates that read ``features`` of a map or else z_1, or without layers the map's own output."""
        image_channels, image_size, _ = self.data_shape
        if layers:
            self.pixels = GatedPixelCNN(
                image_size=image_size, image_channels=image_channels, levels=self.levels, channels=channels,
                layers=layers, kernel_size=kernel_size, first_kernel_size=first_kernel_size,
            )  # fmt: skip
        gates = 2 * channels
        self.gates = nn.ModuleList(
            nn.Conv2d(features, gates, 1) if upsampling else nn.Linear(self.latent_dims[0], gates)
            for _ in range(layers)
        )
        # Without gated layers the map itself is turned into logits.
        outputs = image_channels * (1 if self.levels == 2 else self.levels)
        self.output = None if layers else nn.Conv2d(features, outputs, 1)

    def conditions(self, z: Float[Tensor, "batch latent"]) -> Conditions:
        """What z_1 gives to the gates of each layer: numbers, or a map."""
        features = self.decoder(z)
        return [gate(features) for gate in self.gates]

    def logits(
        self, x: Float[Tensor, "batch channels height width"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch outputs channels height width"]:
        """Logits of each sub-pixel given z_1 and all earlier ones: one for a Bernoulli, else one a level."""
        if self.output is not None:
            return rearrange(self.output(self.decoder(z)), "b (k c) ... -> b k c ...", c=self.data_shape[0])
        return self.pixels.logits_given(x, self.conditions(z))

    def log_likelihood(
        self, x: Float[Tensor, "batch *pixels"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """log p(x|z_1), in nats, for each image and each of its z_1.

        Raises:
            ValueError: if a pixel is none of the levels.
        """
        images = x.reshape(-1, *self.data_shape).expand(*z.shape[:-2], -1, -1, -1, -1).flatten(0, -4)
        logits = self.logits(images, z.flatten(0, -2))
        return level_log_prob(images, logits, self.levels).view(z.shape[:-1])

    def draw_noise(self, n: int, generator: torch.Generator | None = None) -> dict[int, Tensor]:
        """Standard normal numbers for each layer of latents, and as layer 0 a uniform number for each sub-pixel."""
        like = next(self.parameters())
        return {
            **super().draw_noise(n, generator),
            0: draw_uniforms((n, *self.data_shape), like, generator),
        }

    @torch.no_grad()
    def emit(
        self, z: Float[Tensor, "batch latent"], noise: Mapping[int, Tensor], *, cached: bool = True
    ) -> Float[Tensor, "batch channels height width"]:
        """x ~ p(x|z_1): the images that the uniform numbers of layer 0 turn into.

        Args:
            z: z_1.
            noise: layer 0 of it is used.
            cached: as for :meth:`GatedPixelCNN.sample`.
        """
        if self.output is None:
            return self.pixels.sample_given(noise[0], self.conditions(z), cached=cached)
        logits = self.logits(noise[0], z)  # of no pixel
        return draw_in_raster_order(lambda _, *place: logits[(..., *place)], noise[0], self.levels)
