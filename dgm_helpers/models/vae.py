r"""The variational autoencoder, with multilayer perceptrons or convolutions.

D. P. Kingma and M. Welling, *Auto-Encoding Variational Bayes*, ICLR 2014 (arXiv 1312.6114). The objective is
their eq. 3, the KL divergence in closed form (their appendix B), one reparametrized sample (their eq. 4):

.. math:: \mathcal L(x) = E_{q(z|x)}\log p(x|z) - \mathrm{KL}(q(z|x)\,\|\,p(z))

Departs from the paper in: ReLU in the convolutional version, which the paper
does not have; a Gaussian decoder has one learned noise for all pixels.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Adagrad

from dgm_helpers.data.sampling import binarize
from dgm_helpers.kernels.bernoulli_output import without_logits
from dgm_helpers.layers.encoder_decoder import image_decoder, image_encoder, perceptron
from dgm_helpers.models.configured import Configured, description_of
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.objectives.distributions import (
    bernoulli_log_prob,
    gaussian_log_prob,
    gaussian_sample,
    gaussian_sample_and_log_prob,
    kl_to_standard_normal,
)
from dgm_helpers.objectives.importance_weighting import ImportanceSampler, ImportanceWeighted

LIKELIHOODS = ("bernoulli", "gaussian")


class GaussianVAE(ImportanceWeighted, Configured, nn.Module):
    """VAE with any encoder and decoder, and with a diagonal Gaussian q(z|x).

    Args:
        encoder: network from flat data to mean and log standard deviation of q(z|x), side by side.
        decoder: network from latents to one number for each dimension of flat data.
        data_dim: number of data dimensions D (pixels).
        latent_dim: number of latent dimensions d.
        likelihood: ``"bernoulli"`` for data in [0, 1], ``"gaussian"`` for real data.
        prior: a module with ``log_prob`` and ``sample``, or its description (default: N(0, I)).

    Raises:
        ValueError: if the likelihood is not one of those listed, or the prior is not a module.
    """

    def __init__(
        self,
        *,
        encoder: nn.Module,
        decoder: nn.Module,
        data_dim: int,
        latent_dim: int,
        likelihood: str = "bernoulli",
        prior: nn.Module | dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"likelihood must be one of {', '.join(LIKELIHOODS)}; got {likelihood!r}")
        if not isinstance(prior, nn.Module | None):
            raise ValueError(f"prior must be a module with log_prob and sample, got {prior!r}")
        self.encoder, self.decoder, self.data_dim = encoder, decoder, data_dim
        self.prior = StandardNormal(latent_dim=latent_dim) if prior is None else prior
        self.log_noise = nn.Parameter(torch.zeros(())) if likelihood == "gaussian" else None

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments, with the prior that the model has now, if it is not N(0, I)."""
        arguments = {name: value for name, value in super().config.items() if name != "prior"}
        is_default = type(self.prior) is StandardNormal
        return arguments if is_default else arguments | {"prior": description_of(self.prior)}

    def encode(
        self, x: Float[Tensor, "batch *pixels"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Return mean and log standard deviation of q(z|x).

        Raises:
            ValueError: if the data points have a different size from the model's.
        """
        return gaussian_parameters(self.encoder, self.flat(x))

    def flat(self, x: Float[Tensor, "batch *pixels"]) -> Float[Tensor, "batch data"]:
        """Return data points as vectors, after a check of their size."""
        vectors = x.flatten(1)
        if vectors.shape[1] != self.data_dim:
            raise ValueError(
                f"this model takes {self.data_dim} numbers per data point, got {vectors.shape[1]}"
            )
        return vectors

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch data"]:
        """Return the parameters of p(x|z): logits of a Bernoulli, or the mean of a Gaussian."""
        # In z's precision, for the likelihood, whatever the network computes in.
        output = self.decoder(z.reshape(-1, z.shape[-1])).to(z.dtype)
        return output.reshape(*z.shape[:-1], output.shape[-1])

    def likelihood(self, z: Float[Tensor, "*batch latent"]) -> "Bernoulli | Gaussian":
        """Return p(x|z)."""
        if self.log_noise is None:
            return Bernoulli(self.decode(z))
        return Gaussian(self.decode(z), self.log_noise)

    @without_logits
    def log_likelihood(
        self, x: Float[Tensor, "batch *pixels"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Return log p(x|z), in nats, for each image and each of its latents."""
        return self.likelihood(z).log_prob(x.flatten(1))

    def loss(
        self, batch: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the negative ELBO with one sample of z, and its two terms; averages over the batch, in nats."""
        mu, log_sigma = self.encode(batch)
        z = gaussian_sample(mu, log_sigma, generator)
        reconstruction = self.log_likelihood(batch, z).mean()
        kl = self.kl(mu, log_sigma, z).mean()
        return {"loss": kl - reconstruction, "reconstruction": reconstruction, "kl": kl}

    def kl(
        self,
        mu: Float[Tensor, "batch latent"],
        log_sigma: Float[Tensor, "batch latent"],
        z: Float[Tensor, "batch latent"],
    ) -> Float[Tensor, " batch"]:
        """Return KL(q(z|x) || p(z)): in closed form for N(0, I), else estimated at the given ``z`` ~ q(z|x)."""
        if isinstance(self.prior, StandardNormal):
            return kl_to_standard_normal(mu, log_sigma)
        return gaussian_log_prob(z, mu, log_sigma) - self.prior.log_prob(z)

    def importance_sampler(self, x: Float[Tensor, "batch *pixels"]) -> ImportanceSampler:
        """Return the sampler of ``x``; see :class:`~dgm_helpers.objectives.importance_weighting.ImportanceWeighted`."""
        mu, log_sigma = self.encode(x)

        def draw(samples: int, generator: torch.Generator | None = None) -> Float[Tensor, "samples batch"]:
            z, log_q = gaussian_sample_and_log_prob(mu, log_sigma, generator, samples=samples)
            return self.log_likelihood(x, z) + self.prior.log_prob(z) - log_q

        return draw

    def mean_image(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch data"]:
        """Return E[x|z], which is shown as the decoded image."""
        return self.likelihood(z).mean

    def reconstruct(self, x: Float[Tensor, "batch *pixels"]) -> Float[Tensor, "batch *pixels"]:
        """Return E[x|z] at the mean of q(z|x), in the shape of ``x``."""
        mu, _ = self.encode(x)
        return self.mean_image(mu).view_as(x)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} data"]:
        """Return E[x|z] for ``n`` latents from the prior."""
        return self.mean_image(self.prior.sample(n, generator))


class VAE(GaussianVAE):
    """VAE on vectors: a perceptron each way, tanh units.

    Args:
        data_dim: number of data dimensions D (pixels).
        latent_dim: number of latent dimensions d.
        hidden: units of each hidden layer of the encoder; the decoder mirrors it.
        likelihood: see :class:`GaussianVAE`.
        prior: see :class:`GaussianVAE`.
    """

    def __init__(
        self,
        *,
        data_dim: int = 784,
        latent_dim: int = 20,
        hidden: Sequence[int] = (500,),
        likelihood: str = "bernoulli",
        prior: nn.Module | dict[str, Any] | None = None,
    ) -> None:
        encoder = perceptron([data_dim, *hidden, 2 * latent_dim])
        decoder = perceptron([latent_dim, *reversed(hidden), data_dim])
        super().__init__(
            encoder=encoder, decoder=decoder, data_dim=data_dim, latent_dim=latent_dim, likelihood=likelihood,
            prior=prior,
        )  # fmt: skip


class ConvVAE(GaussianVAE):
    """VAE on square images: two strided convolutions each way, ReLU.

    Args:
        image_size: height and width, a multiple of 4.
        image_channels: 1 for gray, 3 for color.
        channels: feature maps after the first and the second convolution.
        latent_dim: number of latent dimensions d.
        likelihood: see :class:`GaussianVAE`.
        prior: see :class:`GaussianVAE`.

    Raises:
        ValueError: if the image size is not a multiple of 4.
    """

    def __init__(
        self,
        *,
        image_size: int = 28,
        image_channels: int = 1,
        channels: tuple[int, int] = (32, 64),
        latent_dim: int = 20,
        likelihood: str = "bernoulli",
        prior: nn.Module | dict[str, Any] | None = None,
    ) -> None:
        encoder = image_encoder(image_channels, image_size, channels, (), 2 * latent_dim)
        decoder = image_decoder(image_channels, image_size, channels, (), latent_dim)
        super().__init__(
            encoder=encoder, decoder=decoder, data_dim=image_channels * image_size**2, latent_dim=latent_dim,
            likelihood=likelihood, prior=prior,
        )  # fmt: skip


class Bernoulli(NamedTuple):
    """Independent pixels in [0, 1], given their logits."""

    logits: Float[Tensor, "*batch data"]

    def log_prob(self, x: Float[Tensor, "*#batch data"]) -> Float[Tensor, "*batch"]:
        """Return the log-probability, in nats."""
        return bernoulli_log_prob(x, self.logits)

    @property
    def mean(self) -> Float[Tensor, "*batch data"]:
        """The probability that each pixel is on."""
        return self.logits.sigmoid()


class Gaussian(NamedTuple):
    """Independent real numbers, given their mean and the log standard deviation of the noise."""

    mean: Float[Tensor, "*batch data"]
    log_noise: Float[Tensor, ""]

    def log_prob(self, x: Float[Tensor, "*#batch data"]) -> Float[Tensor, "*batch"]:
        """Return the log-density, in nats."""
        return gaussian_log_prob(x, self.mean, self.log_noise.expand(x.shape[-1]))


def gaussian_parameters(
    network: Callable[[Tensor], Tensor], inputs: Float[Tensor, "*batch inputs"]
) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
    """Return mean and log standard deviation, the halves of a network's output, in the inputs' precision."""
    mu, log_sigma = network(inputs).to(inputs.dtype).chunk(2, dim=-1)
    return mu, log_sigma


PRESETS = {
    # Section 5: 500 hidden units for MNIST; 20 is one of the latent sizes of figure 2.
    "paper": {"hidden": (500,), "latent_dim": 20},
    "laptop": {"hidden": (200,), "latent_dim": 10},
    # Of a ConvVAE.
    "laptop_conv": {"channels": (16, 32), "latent_dim": 10},
}  # fmt: skip

TRAINING = {
    # Section 5: minibatches of 100, one sample of z, Adagrad at one of 0.01, 0.02 and 0.1. The number of steps is ours;
    # there is no weight decay.
    "paper": {"model": VAE, "data": "mnist", "steps": 100_000, "batch_size": 100, "learning_rate": 0.02,
              "optimizer": Adagrad, "transform": binarize},
    "laptop": {"model": VAE, "data": "mnist_10k", "steps": 3000, "batch_size": 100, "learning_rate": 2e-3,
               "transform": binarize},
    "laptop_conv": {"model": ConvVAE, "data": "mnist_10k", "steps": 1500, "batch_size": 100, "learning_rate": 2e-3,
                    "transform": binarize},
}  # fmt: skip
