r"""PixelVAE: a VAE whose decoder ends in a few layers of a Gated PixelCNN, with one or more layers of latents.

I. Gulrajani, K. Kumar, F. Ahmed, A. A. Taiga, F. Visin, D. Vazquez and A. Courville, *PixelVAE: A Latent Variable Model
for Natural Images*, ICLR 2017 (arXiv 1611.05013). With pixels x_1, x_2, … in raster order

.. math:: p(x|z_1) = \prod_i p(x_i | x_1, \dots, x_{i-1}, z_1), \qquad
          \mathcal L = E_q \log p(x|z_1) - \mathrm{KL}(q(z_1|x)\,\|\,p(z_1|z_2)) - \mathrm{KL}(q(z_2|x)\,\|\,p(z_2)).

The pixels just drawn tell the details, so that z is left with what they cannot tell: already the first autoregressive
layer makes KL(q(z|x) || p(z)) fall sharply. z_1 enters in two ways. Upsampled: transposed convolutions turn it into a
map as large as the image, which every gate reads at its own place. Without: every gate adds a linear map of z_1.
Aims at 79.02 nats (the bound: 79.66) on statically binarised MNIST, without upsampling.

Departs from the paper in: the map enters the gates by a 1 x 1 convolution, where theirs is concatenated to the image
before the first layer (a convolution of a concatenation is a sum of two); z_1 and z_2 are vectors with Gaussians for
p(z_1|z_2), where theirs for natural images are maps, with a PixelCNN as p(z_1|z_2); encoder and upsampling are plain
strided convolutions; V of a layer is the same for both its stacks, and the output layers have no gates.
"""

from collections.abc import Mapping, Sequence

import torch
from einops import rearrange
from einops.layers.torch import Rearrange
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.gated_stacks import Conditions
from dgm_helpers.models.autoregressive_images import require_levels
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.hierarchical_vae import HierarchicalVAE
from dgm_helpers.objectives.pixel_levels import centered, draw_in_raster_order, draw_uniforms, level_log_prob


class PixelVAE(HierarchicalVAE):
    """PixelVAE of square images; the interface of :class:`HierarchicalVAE`.

    Args:
        image_size: height and width, a multiple of 4.
        image_channels: 1 for grey, 3 for colour.
        levels: values that a sub-pixel takes, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        latent_dims: number of latent dimensions of each layer, from the bottom; one layer is the plain PixelVAE.
        hidden: units of the hidden layers that join x and z_1 to the convolutions, and z_1 to the layers above.
        channels: feature maps of the encoder at a half and at a quarter of the size; upsampling mirrors it.
        layers: gated layers of the decoder; 0 for pixels that are independent given z_1.
        pixel_channels: features of these.
        kernel_size: of these.
        first_kernel_size: of the convolution before them, which sees earlier pixels.
        upsampling: whether z_1 enters as a map, or without upsampling as numbers.
        posterior: as for :class:`HierarchicalVAE`.
        free_nats: as for :class:`HierarchicalVAE`.

    Raises:
        ValueError: if there are fewer than two levels, the image size is no multiple of 4, the decoder has no layers to
            which z_1 could go without upsampling; or as for :class:`HierarchicalVAE`.
    """

    def __init__(
        self,
        *,
        image_size: int = 28,
        image_channels: int = 1,
        levels: int = 2,
        latent_dims: Sequence[int] = (64,),
        hidden: int = 256,
        channels: tuple[int, int] = (32, 64),
        layers: int = 2,
        pixel_channels: int = 32,
        kernel_size: int = 5,
        first_kernel_size: int = 7,
        upsampling: bool = True,
        posterior: str = "factorized",
        free_nats: float = 0.0,
    ) -> None:
        nn.Module.__init__(self)
        require_levels(levels)
        if image_size % 4:
            raise ValueError(f"images of {image_size} pixels a side: two strides of 2 need a multiple of 4")
        if not layers and not upsampling:
            raise ValueError("without upsampling z_1 enters the gated layers: give at least one of them")
        self.config = {"image_size": image_size, "image_channels": image_channels, "levels": levels,
                       "latent_dims": tuple(latent_dims), "hidden": hidden, "channels": tuple(channels),
                       "layers": layers, "pixel_channels": pixel_channels, "kernel_size": kernel_size,
                       "first_kernel_size": first_kernel_size, "upsampling": upsampling, "posterior": posterior,
                       "free_nats": free_nats}  # fmt: skip
        self.data_shape, self.levels = (image_channels, image_size, image_size), levels
        self._finish(
            latent_dims, [[hidden]] * len(latent_dims), posterior, free_nats, self._reader(hidden, channels)
        )
        self.decoder = self._upsampler(latent_dims[0], hidden, channels) if upsampling else nn.Identity()
        if layers:
            self.pixels = GatedPixelCNN(
                image_size=image_size, image_channels=image_channels, levels=levels, channels=pixel_channels,
                layers=layers, kernel_size=kernel_size, first_kernel_size=first_kernel_size,
            )  # fmt: skip
        gates = 2 * pixel_channels
        self.gates = nn.ModuleList(
            nn.Conv2d(channels[0], gates, 1) if upsampling else nn.Linear(latent_dims[0], gates)
            for _ in range(layers)
        )
        # Without gated layers the map itself is turned into logits.
        outputs = image_channels * (1 if levels == 2 else levels)
        self.output = None if layers else nn.Conv2d(channels[0], outputs, 1)

    def _reader(self, hidden: int, channels: tuple[int, int]) -> nn.Sequential:
        (image_channels, size, _), (first, second) = self.data_shape, channels
        return nn.Sequential(
            Rearrange("b (c h w) -> b c h w", c=image_channels, h=size), Centered(),
            nn.Conv2d(image_channels, first, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(first, second, 4, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(second * (size // 4) ** 2, hidden), nn.ReLU(),
        )  # fmt: skip

    def _upsampler(self, latent_dim: int, hidden: int, channels: tuple[int, int]) -> nn.Sequential:
        small, (first, second) = self.data_shape[1] // 4, channels
        return nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, second * small**2), nn.ReLU(),
            Rearrange("b (c h w) -> b c h w", c=second, h=small),
            nn.ConvTranspose2d(second, first, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(first, first, 4, stride=2, padding=1), nn.ReLU(),
        )  # fmt: skip

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


class Centered(nn.Module):
    """:func:`~dgm_helpers.objectives.pixel_levels.centered` as a layer."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Pixels in [-1, 1]."""
        return centered(x)


PRESETS = {
    # The command that the authors' code names for its best model of binarised MNIST, without upsampling: 12 layers of
    # 5 x 5 with 16 features, 16 latent dimensions. They weight the KL by steps / 10,000 in the first 10,000 steps.
    "paper": {"latent_dims": (16,), "layers": 12, "pixel_channels": 16, "kernel_size": 5, "first_kernel_size": 7,
              "upsampling": False},
    # Small windows and free nats, so that both layers carry something that is seen: without free nats z_2 is ignored.
    "laptop": {"latent_dims": (24, 8), "hidden": 128, "channels": (16, 32), "layers": 1, "pixel_channels": 8,
               "kernel_size": 3, "first_kernel_size": 3, "free_nats": 5.0},
}  # fmt: skip
TRAINING = {
    # Batches and learning rate of the authors' code, which stops after 200,000 steps at most.
    "paper": {"data": "mnist", "steps": 200_000, "batch_size": 100, "transform": binarize},
    "laptop": {"data": "mnist_10k", "steps": 3_500, "batch_size": 32, "learning_rate": 2e-3, "transform": binarize},
}  # fmt: skip
