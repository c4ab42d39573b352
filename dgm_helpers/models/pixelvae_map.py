r"""PixelVAE for natural images: z_1 is a map, several pixels per place, and z_2 a vector.

I. Gulrajani et al., *PixelVAE*, ICLR 2017 (arXiv 1611.05013), sections 3 and 4. All networks between image, map and z_2
are residual (:mod:`~dgm_helpers.models.pixelvae_map_networks`), and p(z_1|z_2) is a PixelCNN over the map
(:mod:`~dgm_helpers.models.latent_pixelcnn`). Aims at 3.66 bits per dimension on 64×64 ImageNet.

Departs from the paper in: as :mod:`~dgm_helpers.models.pixelvae`; pixels are read as numbers, where the models
of 64×64 read an embedding of each of the 256 levels; batch normalization is torch's, where theirs has an epsilon of
0.01 and blends an image's own statistics in when it evaluates; latents are not clipped to ±50, nor is the standard
deviation of p(z_1|z_2) bounded from below in the first steps.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial

from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.models.pixelvae_decoder import PixelDecoder
from dgm_helpers.models.pixelvae_map_networks import MapPrior, MapSizes, map_decoder, map_networks
from dgm_helpers.objectives.hierarchical import Gaussian


class MapPixelVAE(PixelDecoder):
    """PixelVAE of square images whose z_1 is a map; outside it is a vector, as z_2 is.

    Args:
        image_size: height and width, a multiple of the stride from the first scale to the last.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        latent_dims: channels of z_1 at a place, and dimensions of z_2.
        layers: number of gated layers of the decoder; 0 for pixels that are independent given z_1.
        pixel_channels: number of their features.
        kernel_size: size of their convolutions.
        first_kernel_size: size of the convolution before them, which sees earlier pixels.
        free_nats: see :class:`~dgm_helpers.models.latent_hierarchy.LatentHierarchy`.
        map_stride: pixels, along a side, per place of the map z_1, a power of two.
        map_channels: features at each scale, from the image's to the one beneath z_2, each half as large.
        map_blocks: residual blocks at each scale, on either side of z_1 at its own.
        map_batch_norm: whether these normalize over the batch.
        map_layers: number of gated layers of p(z_1|z_2).
        map_pixel_channels: number of their features.
        map_kernel_size: size of their convolutions, and of the convolution before them.

    Raises:
        ValueError: as for :class:`~dgm_helpers.models.pixelvae_map_networks.MapSizes` and :class:`PixelDecoder`.
    """

    def __init__(
        self,
        *,
        image_size: int = 28,
        image_channels: int = 1,
        levels: int = 2,
        latent_dims: Sequence[int] = (4, 64),
        layers: int = 2,
        pixel_channels: int = 32,
        kernel_size: int = 5,
        first_kernel_size: int = 7,
        free_nats: float = 0.0,
        map_stride: int = 4,
        map_channels: Sequence[int] = (32, 64, 64),
        map_blocks: Sequence[int] = (1, 1, 1),
        map_batch_norm: bool = False,
        map_layers: int = 2,
        map_pixel_channels: int = 64,
        map_kernel_size: int = 5,
    ) -> None:
        sizes = MapSizes(
            image_shape=(image_channels, image_size, image_size), latent_dims=tuple(latent_dims), stride=map_stride,
            channels=tuple(map_channels), blocks=tuple(map_blocks), batch_norm=map_batch_norm,
        )  # fmt: skip
        prior = MapPrior(sizes, channels=map_pixel_channels, layers=map_layers, kernel_size=map_kernel_size)
        super().__init__(
            networks=map_networks(sizes, prior=prior), decoder=map_decoder(sizes),
            gate=partial(nn.Conv2d, map_channels[0], kernel_size=1), scale="softsign",  # as p(z_1|z_2) has it
            levels=levels, layers=layers, channels=pixel_channels, kernel_size=kernel_size,
            first_kernel_size=first_kernel_size, data_shape=sizes.image_shape,
            latent_dims=(math.prod(sizes.map_shape), latent_dims[1]), free_nats=free_nats,
        )  # fmt: skip

    def prior(self, layer: int, above: Float[Tensor, "*batch above"] | None = None) -> Gaussian:
        """Return p(z_2), ``[latent]``; p(z_1|z_2) is not a Gaussian that depends only on z_2.

        Raises:
            ValueError: for layer 1.
        """
        if layer == 1:
            raise ValueError(
                "p(z_1|z_2) of a map depends at each place on the places before it: use prior_at"
            )
        return super().prior(layer, above)

    def prior_at(self, latents: Sequence[Tensor]) -> list[Gaussian]:
        """Return p(z_i|z_{i+1}) of each layer, at the given latents; of z_1 also given, at each place, those before it.

        Each q is independent from place to place, so the KL of the ELBO is the mean over samples of the places' closed
        forms, as it is over the layers'.
        """
        z, above = latents
        return [self.priors[0].gaussians(z, above), self.prior(2)]

    def draw_latents(
        self, noise: Mapping[int, Tensor], held: Mapping[int, Tensor] | None = None
    ) -> list[Tensor]:
        """Return the z_1 and z_2 that this noise turns into; for the arguments see :meth:`generate`."""
        held = held or {}
        above = held.get(2, noise[2]).expand_as(noise[2])
        z = held[1].expand_as(noise[1]) if 1 in held else self.priors[0].draw(noise[1], above)
        return [z, above]
