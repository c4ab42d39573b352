r"""PixelVAE: a VAE whose decoder ends in a few layers of a Gated PixelCNN, with one or more layers of latents.

I. Gulrajani, K. Kumar, F. Ahmed, A. A. Taiga, F. Visin, D. Vazquez and A. Courville, *PixelVAE: A Latent Variable Model
for Natural Images*, ICLR 2017 (arXiv 1611.05013). With pixels x_1, x_2, … in raster order

.. math:: p(x|z_1) = \prod_i p(x_i | x_1, \dots, x_{i-1}, z_1), \qquad
          \mathcal L = E_q \log p(x|z_1) - \mathrm{KL}(q(z_1|x)\,\|\,p(z_1|z_2)) - \mathrm{KL}(q(z_2|x)\,\|\,p(z_2)).

The pixels just drawn tell the details, so that z is left with what they cannot tell: already the first autoregressive
layer makes KL(q(z|x) || p(z)) fall sharply. z_1 enters in two ways. Upsampled: transposed convolutions turn it into a
map as large as the image, which every gate reads at its own place. Without: every gate adds a linear map of z_1.
Aims at 79.02 nats (the bound: 79.66) on statically binarised MNIST, without upsampling.

For natural images z_1 is a map, ``map_stride`` pixels to a place, z_2 a vector, all networks between them are residual
(:mod:`~dgm_helpers.models.pixelvae_networks`), and a PixelCNN over the map is p(z_1|z_2)
(:mod:`~dgm_helpers.models.latent_pixelcnn`). Aims at 3.66 bits per dimension on 64 x 64 ImageNet.

Departs from the paper in: the autoregressive layers are those of :mod:`~dgm_helpers.models.gated_pixelcnn`, with its
departures: V of a layer is the same for both its stacks, and neither the convolution before the layers nor the output
has gates; upsampled, z_1 enters the gates of every layer by a 1 x 1 convolution, where theirs is concatenated to what
the layers read; no weight normalisation; encoder and upsampling of vectors are plain strided convolutions; the KL has
weight 1 from the start, where theirs rises to it. With a map pixels are read as numbers, where their models of 64 x 64
read an embedding of each of the 256 levels; batch normalisation is torch's, where theirs has an epsilon of 0.01 and
blends an image's own statistics in when it evaluates; latents are not clipped to ±50, nor is the standard deviation of
p(z_1|z_2) bounded from below in the first steps.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.data.sampling import binarize
from dgm_helpers.models import learning_rates
from dgm_helpers.models import pixelvae_networks as networks
from dgm_helpers.models.autoregressive_images import require_levels
from dgm_helpers.models.hierarchical_vae import HierarchicalVAE
from dgm_helpers.models.pixelvae_decoder import PixelDecoder
from dgm_helpers.objectives.hierarchical import Gaussian


class PixelVAE(PixelDecoder, HierarchicalVAE):
    """PixelVAE of square images; the interface of :class:`HierarchicalVAE`.

    Args:
        image_size: height and width, a multiple of 4; with a map, of the stride from the first scale to the last.
        image_channels: 1 for grey, 3 for colour.
        levels: values that a sub-pixel takes, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        latent_dims: number of latent dimensions of each layer, from the bottom; one layer is the plain PixelVAE. With a
            map: channels of z_1 at a place, and dimensions of z_2.
        hidden: units of the hidden layers that join x and z_1 to the convolutions, and z_1 to the layers above; without
            a map.
        channels: feature maps of the encoder at a half and at a quarter of the size; upsampling mirrors it; without a
            map.
        layers: gated layers of the decoder; 0 for pixels that are independent given z_1.
        pixel_channels: features of these.
        kernel_size: of these.
        first_kernel_size: of the convolution before them, which sees earlier pixels.
        upsampling: whether z_1 enters as a map, or without upsampling as numbers.
        posterior: as for :class:`HierarchicalVAE`.
        free_nats: as for :class:`HierarchicalVAE`.
        map_stride: pixels, along a side, to a place of the map z_1, a power of two; 0 for a vector z_1.
        map_channels: features at each scale, from the image's to the one beneath z_2, each half as large.
        map_blocks: residual blocks at each scale, on either side of z_1 at its own.
        map_batch_norm: whether these normalise over the batch.
        map_layers: gated layers of p(z_1|z_2).
        map_pixel_channels: features of these.
        map_kernel_size: of these, and of the convolution before them.

    Raises:
        ValueError: if there are fewer than two levels, the image cannot be halved so often, the decoder has no layers
            to which z_1 could go without upsampling, a map has no upsampling, or a bottom-up posterior; or as for
            :class:`HierarchicalVAE` and :class:`~dgm_helpers.models.pixelvae_networks.MapSizes`.
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
        map_stride: int = 0,
        map_channels: Sequence[int] = (32, 64, 64),
        map_blocks: Sequence[int] = (1, 1, 1),
        map_batch_norm: bool = False,
        map_layers: int = 2,
        map_pixel_channels: int = 64,
        map_kernel_size: int = 5,
    ) -> None:
        nn.Module.__init__(self)
        require_levels(levels)
        if map_stride and not upsampling:
            raise ValueError("a latent map enters the gated layers as a map: leave upsampling as it is")
        if not layers and not upsampling:
            raise ValueError("without upsampling z_1 enters the gated layers: give at least one of them")
        self.data_shape, self.levels = (image_channels, image_size, image_size), levels
        self.has_map = bool(map_stride)
        if self.has_map:
            sizes = networks.MapSizes(
                image_shape=self.data_shape, latent_dims=tuple(latent_dims), stride=map_stride,
                channels=tuple(map_channels), blocks=tuple(map_blocks), batch_norm=map_batch_norm,
            )  # fmt: skip
            prior = networks.MapPrior(
                sizes, channels=map_pixel_channels, layers=map_layers, kernel_size=map_kernel_size
            )
            self._use_map(sizes, prior, posterior, free_nats)
            features = map_channels[0]
        else:
            reader = networks.image_reader(self.data_shape, hidden, channels)
            self._finish(latent_dims, [[hidden]] * len(latent_dims), posterior, free_nats, reader)
            self.decoder, features = nn.Identity(), channels[0]
            if upsampling:
                self.decoder = networks.image_upsampler(self.data_shape, latent_dims[0], hidden, channels)
        self._decode_pixels(
            features, upsampling, layers=layers, channels=pixel_channels, kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
        )  # fmt: skip

    def _use_map(
        self, sizes: networks.MapSizes, prior: networks.MapPrior, posterior: str, free_nats: float
    ) -> None:
        if posterior != "factorized":
            raise ValueError(f"a latent map has a factorized posterior, and no {posterior!r} one")
        channels, height, width = sizes.map_shape
        self._remember((channels * height * width, sizes.latent_dims[1]), posterior, free_nats)
        self.scale = "softsign"  # as p(z_1|z_2) has it
        self.readers, self.heads = networks.map_readers(sizes)
        self.priors, self.decoder = nn.ModuleList([prior]), networks.map_decoder(sizes)

    def prior(self, layer: int, above: Float[Tensor, "*batch above"] | None = None) -> Gaussian:
        """p(z_i|z_{i+1}), as for :class:`HierarchicalVAE`; a map z_1 has none that z_2 alone decides.

        Raises:
            ValueError: for layer 1 of a model with a map.
        """
        if self.has_map and layer == 1:
            raise ValueError("p(z_1|z_2) of a map depends, at each place, on those before it: use prior_at")
        return super().prior(layer, above)

    def prior_at(self, latents: Sequence[Tensor]) -> list[Gaussian]:
        """p(z_i|z_{i+1}) of each layer, at the given latents; of a map also given, at each place, those before it.

        Each q being independent from place to place, the KL of the ELBO is the mean over samples of the places' closed
        forms, as it is over the layers'.
        """
        if not self.has_map:
            return super().prior_at(latents)
        z, above = latents
        return [self.priors[0].gaussians(z, above), self.prior(2)]

    def draw_latents(
        self, noise: Mapping[int, Tensor], held: Mapping[int, Tensor] | None = None
    ) -> list[Tensor]:
        """The z_1 … z_L that this noise turns into; arguments as for :meth:`generate`."""
        if not self.has_map:
            return super().draw_latents(noise, held)
        held = held or {}
        above = held.get(2, noise[2]).expand_as(noise[2])
        z = held[1].expand_as(noise[1]) if 1 in held else self.priors[0].draw(noise[1], above)
        return [z, above]


PRESETS = {
    # The command for binarized MNIST in the README of the authors' code (igul222/PixelVAE), without upsampling: 12
    # layers of 5×5, as in section 4.1, with 16 features, after one of 7×7, and 16 latent dimensions
    # (mnist_pixelvae_train.py). They weight the KL by steps / 10,000 in the first 10,000 steps. Section 4.1 states no
    # other sizes. The encoder is ours; theirs has eight convolutions of 3×3.
    "paper": {"latent_dims": (16,), "layers": 12, "pixel_channels": 16, "kernel_size": 5, "first_kernel_size": 7,
              "upsampling": False},
    # The settings "64px_big" of the authors' code: z_1 has 64 channels at 16×16 places, z_2 512 dimensions. The paper's
    # latents are at 8×8 and 1×1 places. Windows are as large as the code's, whose gated layers are residual blocks of
    # two 3×3 convolutions: 3 for the pixels, 2 and one of 1×1 for the map.
    "released_64px": {"image_size": 64, "image_channels": 3, "levels": 256, "latent_dims": (64, 512), "map_stride": 4,
                      "map_channels": (192, 256, 512, 512, 512), "map_blocks": (1, 2, 3, 3, 3),
                      "map_batch_norm": True, "map_layers": 2, "map_pixel_channels": 512, "map_kernel_size": 5,
                      "layers": 3, "pixel_channels": 384, "kernel_size": 5, "first_kernel_size": 5},
    # "32px_big", theirs for LSUN bedrooms: 8×8 places. 258 features instead of 256, which is not a multiple of three.
    "released_32px": {"image_size": 32, "image_channels": 3, "levels": 256, "latent_dims": (128, 512), "map_stride": 4,
                      "map_channels": (128, 256, 512, 512), "map_blocks": (2, 2, 3, 3), "map_batch_norm": True,
                      "map_layers": 2, "map_pixel_channels": 512, "map_kernel_size": 5, "layers": 2,
                      "pixel_channels": 258, "kernel_size": 5, "first_kernel_size": 5},
    # Small windows and free nats, so that both layers carry something that is seen: without free nats z_2 is ignored.
    "laptop": {"latent_dims": (24, 8), "hidden": 128, "channels": (16, 32), "layers": 1, "pixel_channels": 8,
               "kernel_size": 3, "first_kernel_size": 3, "free_nats": 5.0},
    # z_1 is a map of 7 x 7 places. With 8 features for the pixels, not 16, all ReLUs of the output died in a run.
    "laptop_map": {"latent_dims": (2, 8), "map_stride": 4, "map_channels": (8, 16, 32), "map_blocks": (0, 1, 1),
                   "map_layers": 1, "map_pixel_channels": 24, "map_kernel_size": 3, "layers": 1, "pixel_channels": 16,
                   "kernel_size": 3, "first_kernel_size": 3, "free_nats": 5.0},
}  # fmt: skip

TRAINING = {
    # Batches and learning rate of mnist_pixelvae_train.py, which stops after 200,000 steps at most.
    "paper": {"data": "mnist", "steps": 200_000, "batch_size": 100, "transform": binarize},
    # The same settings: for ImageNet at 64×64, then for LSUN bedrooms, here replaced by CIFAR-10.
    "released_64px": {"data": "imagenet_64", "steps": 400_000, "batch_size": 48, "learning_rate": 1e-3,
                      "schedule": learning_rates.pixelvae_imagenet},
    "released_32px": {"data": "cifar10", "steps": 300_000, "batch_size": 64, "learning_rate": 1e-3},
    "laptop": {"data": "mnist_10k", "steps": 3_500, "batch_size": 32, "learning_rate": 2e-3, "transform": binarize},
    "laptop_map": {"data": "mnist_10k", "steps": 1_000, "batch_size": 32, "learning_rate": 2e-3, "transform": binarize},
}  # fmt: skip
