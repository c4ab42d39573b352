"""The residual networks of a PixelVAE whose z_1 is a map.

As in the authors' code, q(z_1|x) is read off the features at the scale of the map, q(z_2|x) off the features that
continue from there. p(z_1|z_2), a PixelCNN over the map, reads z_2 through a mirror image of the latter network, and
p(x|z_1) reads z_1 through a mirror image of the former.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from einops.layers.torch import Rearrange
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.encoder_decoder import Centered
from dgm_helpers.layers.residual_scales import downward, upward
from dgm_helpers.models.hierarchical_vae import Networks
from dgm_helpers.models.latent_pixelcnn import LatentPixelCNN
from dgm_helpers.objectives.hierarchical import Gaussian


@dataclass(frozen=True, kw_only=True)
class MapSizes:
    """Sizes of the networks.

    Attributes:
        image_shape: channels, height and width of the image.
        latent_dims: numbers of channels of z_1 and of dimensions of z_2.
        stride: number of pixels of the image, along a side, per place of z_1.
        channels: numbers of features at each scale, starting with the image's; each scale is half as large.
        blocks: numbers of residual blocks at each scale; at z_1's scale, on either side of it.
        batch_norm: whether these blocks normalize over the batch.

    Raises:
        ValueError: if there are not two layers of latents, ``blocks`` and ``channels`` differ in length, the stride is
            not that of a scale below the image's, or the image cannot be halved that often.
    """

    image_shape: tuple[int, int, int]
    latent_dims: Sequence[int]
    stride: int
    channels: Sequence[int]
    blocks: Sequence[int]
    batch_norm: bool

    def __post_init__(self) -> None:
        if len(self.latent_dims) != 2:
            raise ValueError(
                f"latent_dims must have 2 entries, the map's and those of the vector above, got {len(self.latent_dims)}"
            )
        if len(self.blocks) != len(self.channels):
            raise ValueError(
                f"blocks must have {len(self.channels)} entries, one per scale; got {len(self.blocks)}"
            )
        if self.stride not in (strides := [2**scale for scale in range(1, len(self.channels))]):
            choices = ", ".join(map(str, strides)) or "none"
            raise ValueError(
                f"the stride of the latent map must be one of {choices} with {len(self.channels)} scales of features; "
                f"got {self.stride}"
            )
        side, scales = self.image_shape[1], len(self.channels)
        if side % 2 ** (scales - 1):
            raise ValueError(
                f"the image size must be a multiple of {2 ** (scales - 1)} for {scales} scales, got {side}"
            )

    @property
    def scale(self) -> int:
        """Number of the scale at which z_1 lies, 0 for the image's."""
        return self.stride.bit_length() - 1

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of z_1."""
        side = self.image_shape[1] // self.stride
        return self.latent_dims[0], side, side

    @property
    def top_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the features beneath z_2."""
        side = self.image_shape[1] >> (len(self.channels) - 1)
        return self.channels[-1], side, side

    def below(self) -> dict:
        """Return the scales from the image to z_1, as arguments of :func:`downward` and :func:`upward`."""
        return {"channels": self.channels[: self.scale + 1], "blocks": self.blocks[: self.scale + 1],
                "batch_norm": self.batch_norm}  # fmt: skip

    def above(self) -> dict:
        """Return the scales from z_1 to z_2, as arguments of :func:`downward` and :func:`upward`."""
        return {"channels": self.channels[self.scale :], "blocks": self.blocks[self.scale :],
                "batch_norm": self.batch_norm}  # fmt: skip


def map_networks(sizes: MapSizes, *, prior: nn.Module) -> Networks:
    """Build the networks of q(z_1|x) and q(z_2|x), next to those of p(z_1|z_2).

    A q is a vector of means and one of scales; for z_1 these are the values of the map, channel by channel.
    """
    channels, side, _ = sizes.image_shape
    image = nn.Sequential(
        Rearrange("b (c h w) -> b c h w", c=channels, h=side), Centered(),
        nn.Conv2d(channels, sizes.channels[0], 1), downward(**sizes.below()),
    )  # fmt: skip
    top = nn.Sequential(downward(**sizes.above()), nn.Flatten())
    map_head = nn.Sequential(
        nn.Conv2d(sizes.channels[sizes.scale], 2 * sizes.latent_dims[0], 1), nn.Flatten()
    )
    features, height, width = sizes.top_shape
    top_head = nn.Linear(features * height * width, 2 * sizes.latent_dims[1])
    return Networks(nn.ModuleList([image, top]), nn.ModuleList([map_head, top_head]), nn.ModuleList([prior]))


def map_decoder(sizes: MapSizes) -> nn.Sequential:
    """Return a network from z_1, as a vector, to features of the image's size."""
    latents, side, _ = sizes.map_shape
    return nn.Sequential(
        Rearrange("b (c h w) -> b c h w", c=latents, h=side),
        nn.Conv2d(latents, sizes.channels[sizes.scale], 1),
        upward(**sizes.below()),
        nn.ELU(),
    )


class MapPrior(nn.Module):
    """p(z_1|z_2): a PixelCNN over z_1, given features that a network computes from z_2; both are passed as vectors.

    Args:
        sizes: sizes of the networks.
        channels: number of features of the PixelCNN.
        layers: number of its gated layers.
        kernel_size: kernel size of all its layers.

    Raises:
        ValueError: as for :class:`~dgm_helpers.models.latent_pixelcnn.LatentPixelCNN`.
    """

    def __init__(self, sizes: MapSizes, *, channels: int, layers: int, kernel_size: int) -> None:
        super().__init__()
        self.map_shape = sizes.map_shape
        features, height, width = sizes.top_shape
        self.context = nn.Sequential(
            nn.Linear(sizes.latent_dims[1], features * height * width),
            Rearrange("b (c h w) -> b c h w", c=features, h=height),
            upward(**sizes.above()),
            nn.ELU(),
        )
        self.pixelcnn = LatentPixelCNN(
            latent_channels=sizes.latent_dims[0], condition_channels=sizes.channels[sizes.scale], channels=channels,
            layers=layers, kernel_size=kernel_size, first_kernel_size=kernel_size,
        )  # fmt: skip

    def gaussians(self, z: Float[Tensor, "*batch latent"], above: Float[Tensor, "*batch above"]) -> Gaussian:
        """Return mean and log standard deviation of every coordinate of z_1, given z_2 and the places before it."""
        maps = z.reshape(-1, *self.map_shape)
        mu, log_sigma = self.pixelcnn.gaussians(maps, self.context(above.flatten(0, -2)))
        return mu.reshape(z.shape), log_sigma.reshape(z.shape)

    @torch.no_grad()
    def draw(
        self, noise: Float[Tensor, "batch latent"], above: Float[Tensor, "batch above"]
    ) -> Float[Tensor, "batch latent"]:
        """Return the z_1 that standard normal noise turns into, given z_2, place by place; without gradients."""
        maps = noise.reshape(-1, *self.map_shape)
        return rearrange(self.pixelcnn.sample_given(maps, self.context(above)), "b c h w -> b (c h w)")
