r"""The variational autoencoder, with multilayer perceptrons or convolutions.

D. P. Kingma and M. Welling, *Auto-Encoding Variational Bayes*, ICLR 2014 (arXiv 1312.6114). The objective is
their eq. 3, the KL divergence in closed form (their appendix B), one reparametrized sample (their eq. 4):

.. math:: \mathcal L(x) = E_{q(z|x)}\log p(x|z) - \mathrm{KL}(q(z|x)\,\|\,p(z))

Departs from the paper in: ReLU in the convolutional version, which the paper
does not have; a Gaussian decoder has one learned noise for all pixels.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Adagrad

from dgm_helpers.data.sampling import binarize
from dgm_helpers.kernels.bernoulli_output import bernoulli_output_log_prob
from dgm_helpers.layers.encoder_decoder import image_decoder, image_encoder, perceptron
from dgm_helpers.models.configured import Configured, description_of, is_description
from dgm_helpers.models.description import build
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.objectives.distributions import (
    bernoulli_log_prob,
    gaussian_log_prob,
    gaussian_sample,
    kl_to_standard_normal,
)
from dgm_helpers.objectives.importance_weighting import (
    ImportanceSampler,
    ImportanceWeighted,
    gaussian_importance_sampler,
)

LIKELIHOODS = ("bernoulli", "gaussian")


class VAE(ImportanceWeighted, Configured, nn.Module):
    """VAE on vectors: a perceptron each way, tanh units, q(z|x) a diagonal Gaussian.

    Args:
        data_dim: number of data dimensions D (pixels).
        latent_dim: number of latent dimensions d.
        hidden: units of each hidden layer of the encoder; the decoder mirrors it.
        likelihood: ``"bernoulli"`` for data in [0, 1], ``"gaussian"`` for real data.
        prior: a module with ``log_prob`` and ``sample``, or its description in another model's ``config``; N(0, I)
            unless one is given.

    Raises:
        ValueError: if the likelihood is another, or the prior is no module.
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
        super().__init__()
        self.encoder = perceptron([data_dim, *hidden, 2 * latent_dim])
        self.decoder = perceptron([latent_dim, *reversed(hidden), data_dim])
        self._finish(data_dim, latent_dim, likelihood, prior)

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments, with the prior that the model has now, if it is not N(0, I)."""
        arguments = {name: value for name, value in super().config.items() if name != "prior"}
        is_default = type(self.prior) is StandardNormal
        return arguments if is_default else arguments | {"prior": description_of(self.prior)}

    def _finish(
        self, data_dim: int, latent_dim: int, likelihood: str, prior: nn.Module | dict[str, Any] | None
    ) -> None:
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"unknown likelihood {likelihood!r}: choose one of {', '.join(LIKELIHOODS)}")
        self.data_dim, self.likelihood = data_dim, likelihood
        prior = build(prior) if is_description(prior) else prior
        if not isinstance(prior, nn.Module | None):
            raise ValueError(f"a prior is a module with log_prob and sample, not {prior!r}")
        self.prior = StandardNormal(latent_dim=latent_dim) if prior is None else prior
        self.log_noise = nn.Parameter(torch.zeros(())) if likelihood == "gaussian" else None

    def encode(
        self, x: Float[Tensor, "batch *pixels"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Mean and log standard deviation of q(z|x).

        Raises:
            ValueError: if the data points have another size than the model's.
        """
        flat = x.flatten(1)
        if flat.shape[1] != self.data_dim:
            raise ValueError(f"this model takes {self.data_dim} numbers a data point, not {flat.shape[1]}")
        return gaussian_parameters(self.encoder, flat)

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch data"]:
        """Parameters of p(x|z): logits of a Bernoulli, or the mean of a Gaussian."""
        # In z's precision, for the likelihood, whatever the network computes in.
        output = self.decoder(z.reshape(-1, z.shape[-1])).to(z.dtype)
        return output.reshape(*z.shape[:-1], output.shape[-1])

    def log_likelihood(
        self, x: Float[Tensor, "batch *pixels"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """log p(x|z), in nats, for each image and each of its latents."""
        flat = x.flatten(1)
        if self.likelihood == "bernoulli" and z.dim() == 3 and _ends_linearly(self.decoder):
            # bernoulli_log_prob(flat, self.decode(z)), without all logits in memory.
            features = self.decoder[:-1](z.flatten(0, 1)).unflatten(0, z.shape[:2])
            return bernoulli_output_log_prob(flat, features, self.decoder[-1])
        output = self.decode(z)
        if self.likelihood == "bernoulli":
            return bernoulli_log_prob(flat, output)
        return gaussian_log_prob(flat, output, self.log_noise.expand(flat.shape[-1]))

    def loss(
        self, batch: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Negative ELBO with one sample of z, and its two terms; averages over the batch, in nats."""
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
        """KL(q(z|x) || p(z)): in closed form for N(0, I), else estimated at the given ``z`` ~ q(z|x)."""
        if isinstance(self.prior, StandardNormal):
            return kl_to_standard_normal(mu, log_sigma)
        return gaussian_log_prob(z, mu, log_sigma) - self.prior.log_prob(z)

    def importance_sampler(self, x: Float[Tensor, "batch *pixels"]) -> ImportanceSampler:
        """Encode ``x``, once; the function returned draws so many samples of q(z|x) and returns their log-weights.

        They are log p(x, z_k) - log q(z_k|x), ``[samples, batch]``, in nats.
        """
        return gaussian_importance_sampler(
            *self.encode(x), lambda z: self.log_likelihood(x, z) + self.prior.log_prob(z)
        )

    def mean_image(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch data"]:
        """E[x|z]: what is shown as the decoder's picture."""
        output = self.decode(z)
        return output.sigmoid() if self.likelihood == "bernoulli" else output

    def reconstruct(self, x: Float[Tensor, "batch *pixels"]) -> Float[Tensor, "batch *pixels"]:
        """E[x|z] at the mean of q(z|x), in the shape of ``x``."""
        mu, _ = self.encode(x)
        return self.mean_image(mu).view_as(x)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} data"]:
        """E[x|z] for ``n`` latents from the prior."""
        return self.mean_image(self.prior.sample(n, generator))


class ConvVAE(VAE):
    """VAE on square images: two strided convolutions each way; the interface of :class:`VAE`.

    Args:
        image_size: height and width, a multiple of 4.
        image_channels: 1 for grey, 3 for colour.
        channels: feature maps after the first and the second convolution.
        latent_dim: number of latent dimensions d.
        likelihood: as for :class:`VAE`.
        prior: as for :class:`VAE`.

    Raises:
        ValueError: if the image size is no multiple of 4, or the likelihood is unknown.
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
        nn.Module.__init__(self)
        self.encoder = image_encoder(image_channels, image_size, channels, (), 2 * latent_dim)
        self.decoder = image_decoder(image_channels, image_size, channels, (), latent_dim)
        self._finish(image_channels * image_size**2, latent_dim, likelihood, prior)


def gaussian_parameters(
    network: nn.Module, inputs: Float[Tensor, "*batch inputs"]
) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
    """Mean and log standard deviation, halves of a network's output; in the inputs' precision, for densities."""
    mu, log_sigma = network(inputs).to(inputs.dtype).chunk(2, dim=-1)
    return mu, log_sigma


def _ends_linearly(network: nn.Module) -> bool:
    return isinstance(network, nn.Sequential) and isinstance(network[-1], nn.Linear)


PRESETS = {
    # Section 5: 500 hidden units for MNIST; 20 is one of the latent sizes of figure 2.
    "paper": {"hidden": (500,), "latent_dim": 20},
    "laptop": {"hidden": (200,), "latent_dim": 10},
    # Of a ConvVAE.
    "laptop_conv": {"channels": (16, 32), "latent_dim": 10},
}

TRAINING = {
    # Section 5: minibatches of 100, one sample of z, Adagrad at one of 0.01, 0.02 and 0.1. The number of steps is ours;
    # there is no weight decay.
    "paper": {
        "data": "mnist",
        "steps": 100_000,
        "batch_size": 100,
        "learning_rate": 0.02,
        "optimizer": Adagrad,
        "transform": binarize,
    },
    "laptop": {
        "data": "mnist_10k",
        "steps": 3000,
        "batch_size": 100,
        "learning_rate": 2e-3,
        "transform": binarize,
    },
    "laptop_conv": {
        "model": ConvVAE,
        "data": "mnist_10k",
        "steps": 1500,
        "batch_size": 100,
        "learning_rate": 2e-3,
        "transform": binarize,
    },
}
