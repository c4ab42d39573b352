r"""A PixelCNN over a map of real-valued latents, given features at every place: the prior of a hierarchical PixelVAE.

I. Gulrajani et al., *PixelVAE*, ICLR 2017 (arXiv 1611.05013), section 3. With places i = 1, 2, … in raster order, c the
features (computed from z_2) and z[i] all channels of a place, independent of each other given the places before:

.. math:: p(z|c) = \prod_i N\!\left(z[i];\, \mu_i(z[{<}i], c),\, \sigma_i^2(z[{<}i], c)\right)

As in the authors' code, means lie in (-2, 2) and standard deviations in (0, 1), so that values that are drawn and read
again cannot grow without bound. For a q that is independent from place to place,

.. math:: \mathrm{KL}(q \,\|\, p) = E_{z\sim q} \sum_i \mathrm{KL}\!\left(q_i \,\|\, p(\cdot\,|z[{<}i], c)\right),

in closed form for z[i], and with one sample for the places before it: :meth:`LatentPixelCNN.gaussians` returns those p.

Departs from the paper in: the two stacks of the Gated PixelCNN, which leave no blind spot, replace the authors' masked
3×3 convolutions; c enters every gate through a 1×1 convolution and is not concatenated to z; no weight norm.
"""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.layers.gated_stacks import Conditions, GatedStacks
from dgm_helpers.layers.gated_stacks_cache import GatedStacksCache
from dgm_helpers.layers.scales import log_softsign
from dgm_helpers.objectives.distributions import gaussian_log_prob, gaussian_sample
from dgm_helpers.objectives.hierarchical import Gaussian


class LatentPixelCNN(GatedStacks):
    """p(z|c) of a map z given features c of the same height and width, which may be any.

    Args:
        latent_channels: number of channels of z.
        condition_channels: number of features of c.
        channels: number of features of each stack.
        layers: number of gated layers, all of which read c.
        kernel_size: kernel size of the layers.
        first_kernel_size: kernel size of the convolutions that read z.

    Raises:
        ValueError: as for :class:`~dgm_helpers.layers.gated_stacks.GatedStacks`.
    """

    def __init__(
        self,
        *,
        latent_channels: int,
        condition_channels: int,
        channels: int = 64,
        layers: int = 2,
        kernel_size: int = 5,
        first_kernel_size: int = 5,
    ) -> None:
        super().__init__(
            latent_channels, 2 * latent_channels, channels=channels, layers=layers, kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
        )  # fmt: skip
        self.latent_channels = latent_channels
        self.gates = nn.ModuleList(nn.Conv2d(condition_channels, 2 * channels, 1) for _ in range(layers))

    def conditions(self, c: Float[Tensor, "batch features height width"]) -> Conditions:
        """Return the contribution of the features to the gates of each layer."""
        return [gate(c) for gate in self.gates]

    def gaussians(
        self,
        z: Float[Tensor, "batch channels height width"],
        c: Float[Tensor, "batch features rows columns"],
    ) -> Gaussian:
        """Return mean and log standard deviation of each place of z given those before it, in the shape of z.

        Raises:
            ValueError: if z has a different number of channels from the model's, or a different size from c.
        """
        if z.shape[1] != self.latent_channels or z.shape[2:] != c.shape[2:]:
            raise ValueError(
                f"z must have {self.latent_channels} channels of the size of its condition, {c.shape[2]}×{c.shape[3]}; "
                f"got {z.shape[1]} channels of {z.shape[2]}×{z.shape[3]}"
            )
        return bounded(self(z, self.conditions(c)))

    def log_prob(
        self,
        z: Float[Tensor, "batch channels height width"],
        c: Float[Tensor, "batch features rows columns"],
    ) -> Float[Tensor, " batch"]:
        """Return log p(z|c), in nats.

        Raises:
            ValueError: as for :meth:`gaussians`.
        """
        mu, log_sigma = self.gaussians(z, c)
        return gaussian_log_prob(z.flatten(1), mu.flatten(1), log_sigma.flatten(1))

    @torch.no_grad()
    def sample(
        self, c: Float[Tensor, "batch features height width"], generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Draw a map z ~ p(z|c) for each c, place by place."""
        zeros = c.new_zeros(len(c), self.latent_channels, *c.shape[2:])
        return self.sample_given(gaussian_sample(zeros, zeros, generator), c)

    @torch.no_grad()
    def sample_given(
        self,
        noise: Float[Tensor, "batch channels height width"],
        c: Float[Tensor, "batch features height width"],
        *,
        cached: bool = True,
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the map that standard normal noise turns into: :math:`z[i] = \\mu_i + \\sigma_i \\varepsilon[i]`.

        Args:
            noise: the standard normal numbers.
            c: the features.
            cached: evaluate one place at a time instead of the whole map for each; the results agree up to rounding.
        """
        z, conditions = torch.zeros_like(noise), self.conditions(c)
        _, _, height, width = noise.shape
        cache = GatedStacksCache(self, len(noise), width, conditions) if cached else None
        for row, column in itertools.product(range(height), range(width)):
            outputs = cache(z, row, column) if cache else self(z, conditions)[:, :, row, column]
            mu, log_sigma = bounded(outputs)
            z[:, :, row, column] = mu + torch.exp(log_sigma) * noise[:, :, row, column]
        return z


def bounded(outputs: Float[Tensor, "batch twice *place"]) -> Gaussian:
    """Return means in (-2, 2) and the logarithms of standard deviations in (0, 1), in at least float32."""
    mu, scale = outputs.to(torch.promote_types(outputs.dtype, torch.float32)).chunk(2, dim=1)
    return 2 * F.softsign(mu / 2), log_softsign(scale)
