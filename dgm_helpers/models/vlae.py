r"""Variational lossy autoencoder: a decoder that sees a small window of pixels, so that the code carries the rest.

X. Chen, D. P. Kingma, T. Salimans, Y. Duan, P. Dhariwal, J. Schulman, I. Sutskever and P. Abbeel, *Variational Lossy
Autoencoder*, ICLR 2017 (arXiv 1611.02731). The decoder is autoregressive, but within a window,

.. math:: p(x|z) = \prod_i p(x_i \mid z, x_{\mathrm{WindowAround}(i)}),

so that the window models texture, while long-range structure must go through z (section 3.1). The prior is an
autoregressive flow f, :math:`\log p(z) = \log N(f(z) | 0, I) + \log|\det f'(z)|` (section 3.2). With the same
parameters f may be in the posterior instead, which is IAF: the KL term is the same number, but f(z) is decoded instead
of z. In their ELBO the two models differ only in this.

Free bits (Kingma et al. 2016, arXiv 1606.04934, appendix C.8): the objective has max(λ, KL) instead of
KL, so that the first λ nats of the code cost nothing in training. The reported bound is without them.

Aims at: VLAE 79.03 nats on statically binarized MNIST, with a KL of 13.3 nats where a factorized decoder
uses 37.3 bits; AF-VAE 79.30, IAF-VAE 79.88. CIFAR-10: 3.04 (ResNet) and 2.95 (DenseNet) bits per dimension.

Departs from the paper in: two strided convolutions each way, where theirs are ResNets or DenseNets; z is added to each
masked layer, where theirs is concatenated to the image; masked layers have separate weights (theirs are tied for
MNIST) and no 1 x 1 blocks between them; a step of the flow scales as well as shifts; ELU in its MADEs and ReLU
elsewhere, where theirs is the other way around; no weight normalization; free bits apply to the batch's mean KL.
"""

from collections.abc import Sequence

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Adamax

from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.encoder_decoder import smallest_map, strided_convolutions
from dgm_helpers.layers.raster_cache import RasterCache
from dgm_helpers.layers.windowed_decoder import WindowedDecoder
from dgm_helpers.models.autoregressive_images import require_channels, require_levels
from dgm_helpers.models.configured import Configured
from dgm_helpers.models.iaf import AutoregressivePrior
from dgm_helpers.objectives.distributions import gaussian_log_prob, gaussian_sample
from dgm_helpers.objectives.importance_weighting import ImportanceSampler, ImportanceWeighted
from dgm_helpers.objectives.pixel_levels import centered, draw_in_raster_order, draw_uniforms, level_log_prob

FLOWS = ("prior", "posterior")


class VLAE(ImportanceWeighted, Configured, nn.Module):
    """VAE of square images with a windowed autoregressive decoder and an autoregressive flow over the code.

    Args:
        image_size: height and width, a multiple of 4.
        image_channels: 1 for gray, 3 for color.
        levels: number of values of a sub-pixel, stored as k / (levels - 1): a Bernoulli for 2, a softmax for more.
        latent_dim: number of latent dimensions d.
        channels: numbers of feature maps of the encoder's two convolutions; the decoder mirrors them.
        local_channels: number of features of the masked layers.
        local_layers: number of masked layers.
        kernel_size: kernel size of a masked layer, odd. With 1 no other pixel is seen: a factorized decoder.
        flow: the place of f, ``"prior"`` or ``"posterior"``.
        flow_steps: number of steps of f.
        flow_hidden: units of each hidden layer of a step's MADE.
        free_nats: number λ of nats of KL that cost nothing in training.

    Raises:
        ValueError: if the image size is not a multiple of 4, there are fewer than two levels or no masked layers, or
            ``flow`` is not one of those listed.
    """

    def __init__(
        self,
        *,
        image_size: int = 28,
        image_channels: int = 1,
        levels: int = 2,
        latent_dim: int = 32,
        channels: tuple[int, int] = (32, 64),
        local_channels: int = 32,
        local_layers: int = 6,
        kernel_size: int = 3,
        flow: str = "prior",
        flow_steps: int = 2,
        flow_hidden: Sequence[int] = (320,),
        free_nats: float = 0.0,
    ) -> None:
        super().__init__()
        require_levels(levels)
        small = smallest_map(image_size, channels)
        if flow not in FLOWS:
            raise ValueError(f"flow must be one of {', '.join(FLOWS)}; got {flow!r}")
        self.image_shape, self.levels = (image_channels, image_size, image_size), levels
        self.flow_in, self.free_nats = flow, free_nats
        self.encoder = nn.Sequential(
            *strided_convolutions((image_channels, *channels)),
            nn.Flatten(), nn.Linear(channels[-1] * small**2, 2 * latent_dim),
        )  # fmt: skip
        self.decoder = WindowedDecoder(
            self.image_shape, levels, latent_dim, channels, local_channels, local_layers, kernel_size
        )
        self.prior = AutoregressivePrior(latent_dim=latent_dim, hidden=flow_hidden, steps=flow_steps)

    def encode(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Return mean and log standard deviation of the Gaussian of z, or of the flow's input if f makes z of it.

        Raises:
            ValueError: if the images have a different shape from the model's.
        """
        require_channels(x, self.image_shape[0])
        if x.shape[1:] != self.image_shape:
            raise ValueError(
                f"images must have height and width {self.image_shape[1:]}, got {tuple(x.shape[2:])}"
            )
        # Densities are computed in x's precision, whatever the networks compute in.
        mu, log_sigma = self.encoder(centered(x)).to(x.dtype).chunk(2, dim=1)
        return mu, log_sigma

    def posterior_sample(
        self,
        x: Float[Tensor, "batch channels height width"],
        samples: int,
        generator: torch.Generator | None = None,
    ) -> tuple[Float[Tensor, "{samples} batch latent"], Float[Tensor, "{samples} batch"]]:
        """Draw codes to decode; return them, and log q(z|x) - log p(z) at each, in nats."""
        return self._posterior_sample(self.encode(x), samples, generator)

    def layer_means(
        self,
        x: Float[Tensor, "batch channels height width"],
        samples: int = 100,
        generator: torch.Generator | None = None,
    ) -> list[Float[Tensor, "batch latent"]]:
        r"""Return :math:`E_{q(z|x)}[z]` of the code that is decoded; an estimate if the code is the flow's output."""
        if self.flow_in == "prior":
            return [self.encode(x)[0]]
        return [self.posterior_sample(x, samples, generator)[0].mean(dim=0)]

    def _posterior_sample(
        self, parameters: tuple[Tensor, Tensor], samples: int, generator: torch.Generator | None
    ) -> tuple[Float[Tensor, "{samples} batch latent"], Float[Tensor, "{samples} batch"]]:
        mu, log_sigma = (part.expand(samples, -1, -1) for part in parameters)
        start = gaussian_sample(mu, log_sigma, generator)
        end, log_det = self.prior.flow(start)
        # Of the start with the flow in the prior, of the end with it in the posterior: the same number.
        log_ratio = gaussian_log_prob(start, mu, log_sigma) - log_det - self.prior.base.log_prob(end)
        return (start if self.flow_in == "prior" else end), log_ratio

    def log_likelihood(
        self,
        x: Float[Tensor, "batch channels height width"],
        z: Float[Tensor, "samples batch latent"],
    ) -> Float[Tensor, "samples batch"]:
        """Return log p(x|z), in nats, for each image and each of its codes."""
        samples = len(z)
        images = repeat(x, "b c h w -> (s b) c h w", s=samples)
        logits = self.decoder(images, rearrange(z, "s b d -> (s b) d"))
        return rearrange(level_log_prob(images, logits, self.levels), "(s b) -> s b", s=samples)

    def loss(
        self,
        batch: Float[Tensor, "batch channels height width"],
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """Return the negative ELBO with one sample of z and free bits, its terms, and the ELBO; batch means in nats."""
        z, log_ratio = self.posterior_sample(batch, 1, generator)
        reconstruction, kl = self.log_likelihood(batch, z).mean(), log_ratio.mean()
        return {"loss": kl.clamp_min(self.free_nats) - reconstruction, "reconstruction": reconstruction,
                "kl": kl, "elbo": (reconstruction - kl).detach()}  # fmt: skip

    def importance_sampler(self, x: Float[Tensor, "batch channels height width"]) -> ImportanceSampler:
        """Return the sampler of ``x``; see :class:`~dgm_helpers.objectives.importance_weighting.ImportanceWeighted`."""
        parameters = self.encode(x)

        def draw(samples: int, generator: torch.Generator | None = None) -> Float[Tensor, "samples batch"]:
            z, log_ratio = self._posterior_sample(parameters, samples, generator)
            return self.log_likelihood(x, z) - log_ratio

        return draw

    @torch.no_grad()
    def decode(
        self,
        z: Float[Tensor, "batch latent"],
        generator: torch.Generator | None = None,
        *,
        cached: bool = True,
    ) -> Float[Tensor, "batch channels height width"]:
        """Draw an image from p(x|z) for each code; ``cached`` as for :meth:`~.PixelCNN.sample`."""
        uniforms = draw_uniforms((len(z), *self.image_shape), z, generator)
        if cached:
            return draw_in_raster_order(self._cache(z), uniforms, self.levels)
        return draw_in_raster_order(
            lambda x, channel, row, column: self.decoder(x, z)[:, :, channel, row, column],
            uniforms,
            self.levels,
        )

    def _cache(self, z: Float[Tensor, "batch latent"]) -> RasterCache:
        code, decoder = self.decoder.from_code(z), self.decoder
        return RasterCache(
            decoder,
            decoder.layers[0],
            len(z),
            self.image_shape[2],
            lambda x, apply, row, column: decoder.evaluate(x, code[:, :, row, column], apply),
        )

    @torch.no_grad()
    def sample(
        self, n: int, generator: torch.Generator | None = None
    ) -> Float[Tensor, "{n} channels height width"]:
        """Draw ``n`` codes from the prior and an image for each."""
        prior = self.prior if self.flow_in == "prior" else self.prior.base
        return self.decode(prior.sample(n, generator), generator)

    @torch.no_grad()
    def reconstruct(
        self, x: Float[Tensor, "batch channels height width"], generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Draw an image from p(x|z) at the z to which the Gaussian's mean maps: it has what the code keeps of ``x``."""
        mu, _ = self.encode(x)
        return self.decode(mu if self.flow_in == "prior" else self.prior.flow(mu)[0], generator)


PRESETS = {
    # Appendix A, binary images: 64 latents; 6 masked layers of 12 filters of 3 x 3; 4 steps of flow, each a 3-layer
    # MADE (two hidden layers) of 640 units; free bits of 0.01 nats for each of 784 pixels. Encoder and decoder are
    # those of Kingma et al. (2016), appendix B, with 16, 32 and 32 maps in residual blocks, of which two are kept here.
    # Adamax at 0.002, weights averaged with decay 0.998.
    "paper": {"latent_dim": 64, "channels": (16, 32), "local_channels": 12, "local_layers": 6, "kernel_size": 3,
              "flow_steps": 4, "flow_hidden": (640, 640), "free_nats": 7.84},
    "laptop": {"latent_dim": 16, "channels": (16, 32), "local_channels": 16, "local_layers": 2, "kernel_size": 3,
               "flow_steps": 1, "flow_hidden": (64,), "free_nats": 4.0},
}  # fmt: skip

TRAINING = {
    # The paper trains on statically binarized MNIST (its table 1; table 2 is dynamically binarized), which overfits
    # more. It states neither steps nor batches: ours. Optimizer and average are those of appendix A, as above.
    "paper": {"data": "mnist", "steps": 200_000, "batch_size": 128, "learning_rate": 2e-3, "optimizer": Adamax,
              "transform": binarize, "weight_average": 0.998},
    "laptop": {"data": "mnist_10k", "steps": 1500, "batch_size": 64, "learning_rate": 3e-3, "transform": binarize},
}  # fmt: skip
