r"""Importance-weighted autoencoders, with one stochastic layer or several, and the VAE that they are compared with.

Y. Burda, R. Grosse and R. Salakhutdinov, *Importance Weighted Autoencoders*, ICLR 2016 (arXiv 1509.00519). Images x,
latents :math:`z_1, \dots, z_L`, each layer a diagonal Gaussian given the one before (their eq. 1 and 2):

.. math:: q(z|x) = q(z_1|x) \prod_{l>1} q(z_l|z_{l-1}), \qquad
          p(x, z) = p(z_L)\, p(x|z_1) \prod_{l<L} p(z_l|z_{l+1}),

and with :math:`w_k = p(x, z_k)/q(z_k|x)` for K samples of q(z|x) the objectives

.. math:: \text{IWAE: } \log\tfrac1K \textstyle\sum_k w_k \ \text{(eq. 8)}, \qquad
          \text{VAE: } \tfrac1K \sum_k \log w_k.

Aims at their table 1, on dynamically binarized MNIST, with negative log-likelihoods in nats, from 5,000 samples, and
numbers of active units: one layer 86.76 (19) for K = 1, IWAE 84.78 (25) for K = 50; two layers 85.33 (16+5), IWAE 82.90
(26+7).

The paper's optimizer is Adam with β₁ = 0.9, β₂ = 0.999 and ε = 1e-4 on batches of 20, the learning rate that of
:func:`~dgm_helpers.models.learning_rates.iwae`. The released code differs: β₁ = 0.99, second moments
that start at one, gradients summed over the batch, images in one fixed order. This module follows the paper.

Departs from the paper in: the loss is an average over the batch; a pixel that is on in fewer than one image in a
thousand starts with the bias of one in a thousand.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.data.sampling import binarize
from dgm_helpers.kernels.tanh import Tanh
from dgm_helpers.layers.encoder_decoder import perceptron
from dgm_helpers.models import learning_rates
from dgm_helpers.models.vae import GaussianVAE, gaussian_parameters
from dgm_helpers.objectives.distributions import (
    gaussian_log_prob,
    gaussian_sample,
    gaussian_sample_and_log_prob,
)
from dgm_helpers.objectives.importance_weighting import ImportanceSampler, iwae_bound

OBJECTIVES = ("iwae", "vae")
TANH = partial(Tanh, inplace=True)
RAREST = 1e-3  # the smallest mean intensity that a bias starts at


class IWAE(GaussianVAE):
    """IWAE, or VAE with as many samples, on binary images; tanh units, the decoder mirrors the encoder.

    The one latent of :class:`~dgm_helpers.models.vae.VAE` is here the first, z_1: ``encode`` returns the parameters of
    q(z_1|x), and ``decode`` takes z_1.

    Args:
        data_dim: number of pixels D.
        hidden: units of the hidden layers below each stochastic layer, from the image upwards.
        latent_dims: units of each stochastic layer, from the image upwards.
        samples: number K of samples per image in training.
        objective: ``"iwae"``, the bound of K samples, or ``"vae"``, the mean of K draws of the ELBO.

    Raises:
        ValueError: if ``hidden`` and ``latent_dims`` are empty or differ in length, there are no samples, or the
            objective is not one of those listed.
    """

    def __init__(
        self,
        *,
        data_dim: int = 784,
        hidden: Sequence[Sequence[int]] = ((200, 200),),
        latent_dims: Sequence[int] = (50,),
        samples: int = 50,
        objective: str = "iwae",
    ) -> None:
        if not latent_dims or len(hidden) != len(latent_dims):
            raise ValueError("hidden and latent_dims must have the same length, at least 1, got "
                             f"{len(hidden)} and {len(latent_dims)}")  # fmt: skip
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        if objective not in OBJECTIVES:
            raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}; got {objective!r}")
        first, *inner = hidden
        super().__init__(
            encoder=glorot(perceptron([data_dim, *first, 2 * latent_dims[0]], TANH), parts=2),
            decoder=glorot(perceptron([latent_dims[0], *reversed(first), data_dim], TANH)),
            data_dim=data_dim, latent_dim=latent_dims[-1],
        )  # fmt: skip
        self.samples, self.objective = samples, objective
        self.inner_encoders, self.inner_decoders = nn.ModuleList(), nn.ModuleList()
        for low, units, high in zip(latent_dims, inner, latent_dims[1:], strict=False):
            # Not in place: of inputs with several axes a fast layer's output is a view, which must not be overwritten.
            self.inner_encoders.append(glorot(perceptron([low, *units, 2 * high], Tanh), parts=2))
            self.inner_decoders.append(glorot(perceptron([high, *reversed(units), 2 * low], Tanh), parts=2))

    @torch.no_grad()
    def initialize(
        self, images: Float[Tensor, "n *pixels"], generator: torch.Generator | None = None
    ) -> None:
        """Set the output's bias to the logit of the mean image, before training; nothing is drawn."""
        mean = images.flatten(1).mean(dim=0).clamp(RAREST, 1 - RAREST)
        self.decoder[-1].bias.copy_(mean.logit())

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Return Adam's one group, with the paper's ε and decay rates (section 5)."""
        return [{"params": list(self.parameters()), "lr": learning_rate, "betas": (0.9, 0.999), "eps": 1e-4}]

    def loss(
        self, batch: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the negative of the objective with K samples, and two terms; averages over the batch, in nats.

        ``reconstruction`` and ``kl`` are the ELBO's two terms at the same samples: for the VAE their difference is the
        objective, and IWAE's is at least that.
        """
        log_likelihood, log_ratio = self._draw(batch, self.encode(batch), self.samples, generator)
        log_weights = log_likelihood + log_ratio
        bound = iwae_bound(log_weights) if self.objective == "iwae" else log_weights.mean(dim=0)
        return {"loss": -bound.mean(), "reconstruction": log_likelihood.mean(), "kl": -log_ratio.mean()}

    def importance_sampler(self, x: Float[Tensor, "batch *pixels"]) -> ImportanceSampler:
        """Return the sampler of ``x``; see :class:`~dgm_helpers.objectives.importance_weighting.ImportanceWeighted`."""
        first = self.encode(x)

        def draw(samples: int, generator: torch.Generator | None = None) -> Float[Tensor, "samples batch"]:
            return sum(self._draw(x, first, samples, generator))

        return draw

    def _draw(
        self, x: Tensor, first: tuple[Tensor, Tensor], samples: int, generator: torch.Generator | None
    ) -> tuple[Float[Tensor, "samples batch"], Float[Tensor, "samples batch"]]:
        """Return log p(x|z_1) and log p(z) - log q(z|x) at samples of q(z|x), in one pass; ``first`` is q(z_1|x)."""
        z, log_q = gaussian_sample_and_log_prob(*first, generator, samples=samples)
        log_likelihood, log_ratio = self.log_likelihood(x, z), -log_q
        for encoder, decoder in zip(self.inner_encoders, self.inner_decoders, strict=True):
            mu, log_sigma = gaussian_parameters(encoder, z)
            above, log_q = gaussian_sample_and_log_prob(mu, log_sigma, generator)
            log_ratio = log_ratio - log_q + gaussian_log_prob(z, *gaussian_parameters(decoder, above))
            z = above
        return log_likelihood, log_ratio + self.prior.log_prob(z)

    def layer_means(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 100, generator: torch.Generator | None = None
    ) -> list[Float[Tensor, "batch latent"]]:
        r"""Return :math:`E_{q(z|x)}[z_l]` of each layer: exact for the first, else estimated by samples beneath it."""
        mu, log_sigma = self.encode(x)
        means = [mu]
        mu, log_sigma = (parameter.expand(samples, -1, -1) for parameter in (mu, log_sigma))
        for encoder in self.inner_encoders:
            z = gaussian_sample(mu, log_sigma, generator)
            mu, log_sigma = gaussian_parameters(encoder, z)
            means.append(mu.mean(dim=0))
        return means

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} data"]:
        """Return E[x|z_1] for ``n`` latents drawn from the prior, layer by layer."""
        z = self.prior.sample(n, generator)
        for decoder in reversed(self.inner_decoders):
            z = gaussian_sample(*gaussian_parameters(decoder, z), generator)
        return self.mean_image(z)


@torch.no_grad()
def glorot(network: nn.Sequential, parts: int = 1) -> nn.Sequential:
    """Draw weights uniformly in ±sqrt(6 / (inputs + outputs)), set biases to zero. Glorot and Bengio (2010), eq. 16.

    Args:
        network: the network, which is changed in place and returned.
        parts: number of layers that the last one stands for: 2 if it outputs mean and log standard deviation.
    """
    linear = [module for module in network if isinstance(module, nn.Linear)]
    for layer in linear:
        for weight in layer.weight.chunk(parts if layer is linear[-1] else 1):
            nn.init.xavier_uniform_(weight)
        layer.bias.zero_()
    return network


PRESETS = {
    # Section 5 and table 1, and experiments.py of the released code (yburda/iwae): 784-200-200-50 and
    # 784-200-200-100-100-100-50, with K = 50.
    "paper": {"hidden": ((200, 200),), "latent_dims": (50,), "samples": 50},
    "paper_two_layers": {"hidden": ((200, 200), (100, 100)), "latent_dims": (100, 50), "samples": 50},
    "paper_vae": {"hidden": ((200, 200),), "latent_dims": (50,), "samples": 1, "objective": "vae"},
    "laptop": {"hidden": ((200,),), "latent_dims": (20,), "samples": 5},
}  # fmt: skip

TRAINING = {
    # Section 5 and experiments.py: 1 + 3 + … + 3⁷ = 3,280 passes over 60,000 images in batches of 20; the output's bias
    # from all of these images.
    **{preset: {"data": "mnist", "steps": 9_840_000, "batch_size": 20, "schedule": learning_rates.iwae,
                "initialize": 60_000, "transform": binarize} for preset in ("paper", "paper_two_layers", "paper_vae")},
    "laptop": {"data": "mnist_10k", "steps": 2500, "batch_size": 100, "learning_rate": 2e-3, "transform": binarize},
}  # fmt: skip
