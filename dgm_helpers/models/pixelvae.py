r"""PixelVAE: a VAE whose decoder ends in a few layers of a Gated PixelCNN, with one or more layers of latents.

I. Gulrajani, K. Kumar, F. Ahmed, A. A. Taiga, F. Visin, D. Vazquez and A. Courville, *PixelVAE: A Latent Variable Model
for Natural Images*, ICLR 2017 (arXiv 1611.05013). With pixels x_1, x_2, … in raster order

.. math:: p(x|z_1) = \prod_i p(x_i | x_1, \dots, x_{i-1}, z_1), \qquad
          \mathcal L = E_q \log p(x|z_1) - \mathrm{KL}(q(z_1|x)\,\|\,p(z_1|z_2)) - \mathrm{KL}(q(z_2|x)\,\|\,p(z_2)).

The pixels just drawn determine the details, so that z is left with what they do not determine: even the first
autoregressive layer makes KL(q(z|x) || p(z)) fall sharply. z_1 enters in one of two ways. With upsampling, transposed
convolutions turn it into a map as large as the image, which every gate reads at its own place. Without, every gate adds
a linear map of z_1.
Aims at 79.02 nats (the bound: 79.66) on statically binarized MNIST, without upsampling.

For natural images z_1 is a map: :mod:`~dgm_helpers.models.pixelvae_map`. Its presets are here too.

Departs from the paper in: the autoregressive layers are those of :mod:`~dgm_helpers.models.gated_pixelcnn`, with its
departures: V of a layer is the same for both its stacks, and neither the convolution before the layers nor the output
has gates; with upsampling, z_1 enters the gates of every layer through a 1×1 convolution, where theirs is concatenated
to the layers' inputs; no weight normalization; encoder and upsampling of vectors are plain strided convolutions; the KL
has weight 1 from the start, where theirs rises to it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from einops.layers.torch import Rearrange
from torch import nn

from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.encoder_decoder import (
    Centered,
    ReLU,
    perceptron,
    smallest_map,
    strided_convolutions,
    transposed_convolutions,
)
from dgm_helpers.models import learning_rates
from dgm_helpers.models.hierarchical_vae import perceptron_networks
from dgm_helpers.models.pixelvae_decoder import PixelDecoder
from dgm_helpers.models.pixelvae_map import MapPixelVAE


class PixelVAE(PixelDecoder):
    """PixelVAE of square images whose latents are vectors.

    Args:
        image_size: height and width, a multiple of 4.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        latent_dims: number of latent dimensions of each layer, from the bottom; one layer is the plain PixelVAE.
        hidden: units of the hidden layers that join x and z_1 to the convolutions, and z_1 to the layers above.
        channels: feature maps of the encoder at a half and at a quarter of the size; upsampling mirrors it.
        layers: number of gated layers of the decoder; 0 for pixels that are independent given z_1.
        pixel_channels: number of their features.
        kernel_size: size of their convolutions.
        first_kernel_size: size of the convolution before them, which sees earlier pixels.
        upsampling: whether z_1 enters as a map of the image's size, or as numbers.
        posterior: see :class:`~dgm_helpers.models.latent_hierarchy.LatentHierarchy`.
        free_nats: see :class:`~dgm_helpers.models.latent_hierarchy.LatentHierarchy`.

    Raises:
        ValueError: if there are fewer than two levels, the image cannot be halved twice, the decoder has neither gated
            layers nor upsampling, or as for
            :class:`~dgm_helpers.models.latent_hierarchy.LatentHierarchy`.
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
        if not layers and not upsampling:
            raise ValueError(
                "layers must be at least 1 without upsampling, because only they read z_1; got 0"
            )
        shape = (image_channels, image_size, image_size)
        reader = image_reader(shape, hidden, channels)
        networks = perceptron_networks(reader, latent_dims, [[hidden]] * len(latent_dims), posterior)
        if upsampling:
            decoder: nn.Module = image_upsampler(shape, latent_dims[0], hidden, channels)
            gate: partial[nn.Module] = partial(nn.Conv2d, channels[0], kernel_size=1)
        else:
            decoder, gate = nn.Identity(), partial(nn.Linear, latent_dims[0])
        super().__init__(
            networks=networks, decoder=decoder, gate=gate, levels=levels, layers=layers, channels=pixel_channels,
            kernel_size=kernel_size, first_kernel_size=first_kernel_size, data_shape=shape, latent_dims=latent_dims,
            posterior=posterior, free_nats=free_nats,
        )  # fmt: skip

    @staticmethod
    def upgraded(description: dict[str, Any]) -> dict[str, Any]:
        """Return today's form of a description; this class once included the map, with ``map_stride`` 0 for none."""
        name, config = description["class"], description["config"]
        if config.get("map_stride"):
            name = name.replace(":PixelVAE", "_map:MapPixelVAE")
            dropped = config.keys() & {"hidden", "channels", "upsampling", "posterior"}
        else:
            dropped = {argument for argument in config if argument.startswith("map_")}
        return {"class": name, "config": {key: value for key, value in config.items() if key not in dropped}}


def image_reader(image_shape: Sequence[int], hidden: int, channels: Sequence[int]) -> nn.Sequential:
    """Return a network from an image, as a vector, to ``hidden`` features: convolutions with a stride of 2.

    Raises:
        ValueError: if the image cannot be halved as often as there are convolutions.
    """
    image_channels, size, _ = image_shape
    features = channels[-1] * smallest_map(size, channels) ** 2
    return nn.Sequential(
        Rearrange("b (c h w) -> b c h w", c=image_channels, h=size), Centered(),
        *strided_convolutions((image_channels, *channels)), nn.Flatten(), nn.Linear(features, hidden), ReLU(),
    )  # fmt: skip


def image_upsampler(
    image_shape: Sequence[int], latent_dim: int, hidden: int, channels: Sequence[int]
) -> nn.Sequential:
    """Return a network from z_1 to ``channels[0]`` features of the image's size, a mirror of :func:`image_reader`."""
    small = smallest_map(image_shape[1], channels)
    return nn.Sequential(
        *perceptron((latent_dim, hidden, channels[-1] * small**2), ReLU), ReLU(),
        Rearrange("b (c h w) -> b c h w", c=channels[-1], h=small),
        *transposed_convolutions((*reversed(channels), channels[0])),
    )  # fmt: skip


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
    "released_64px": {"model": MapPixelVAE, "data": "imagenet_64", "steps": 400_000, "batch_size": 48,
                      "learning_rate": 1e-3, "schedule": learning_rates.pixelvae_imagenet},
    "released_32px": {"model": MapPixelVAE, "data": "cifar10", "steps": 300_000, "batch_size": 64,
                      "learning_rate": 1e-3},
    "laptop": {"data": "mnist_10k", "steps": 3_500, "batch_size": 32, "learning_rate": 2e-3, "transform": binarize},
    "laptop_map": {"model": MapPixelVAE, "data": "mnist_10k", "steps": 1_000, "batch_size": 32,
                   "learning_rate": 2e-3, "transform": binarize},
}  # fmt: skip
