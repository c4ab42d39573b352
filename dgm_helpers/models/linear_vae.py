r"""The linear-Gaussian VAE, in which everything is known exactly: the oracle of many checks.

.. math:: p(z) = N(0, I), \qquad p(x|z) = N(Wz + b,\ s^2 I), \qquad q(z|x) = N(Ax + a,\ \mathrm{diag}(\sigma^2))

Tipping and Bishop (1999) call this generative model probabilistic PCA. With separate noise for every data
dimension, :math:`\Psi = \mathrm{diag}(s_1^2, \dots, s_D^2)` instead of :math:`s^2 I`, it is factor analysis.
Marginal and posterior are Gaussian:

.. math:: p(x) = N(b,\ WW^\top + \Psi), \qquad p(z|x) = N(P^{-1}W^\top\Psi^{-1}(x-b),\ P^{-1}),
          \quad P = I + W^\top\Psi^{-1} W
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.distributions import (
    gaussian_log_prob,
    gaussian_sample,
    gaussian_sample_and_log_prob,
    kl_to_correlated_gaussian,
    kl_to_standard_normal,
)
from dgm_helpers.objectives.importance_weighting import ImportanceSampler
from dgm_helpers.runtime import drawing_device

NOISES = ("isotropic", "diagonal")


class LinearVAE(Configured, nn.Module):
    """Linear decoder and linear encoder with Gaussian noise; every quantity in nats, shape ``[B]``.

    Args:
        data_dim: number of data dimensions D.
        latent_dim: number of latent dimensions d.
        noise: ``"isotropic"``, one standard deviation for all data dimensions, or ``"diagonal"``, one for each.

    Raises:
        ValueError: if ``noise`` is not one of those listed.
    """

    def __init__(self, *, data_dim: int, latent_dim: int, noise: str = "isotropic") -> None:
        super().__init__()
        if noise not in NOISES:
            raise ValueError(f"noise must be one of {', '.join(NOISES)}; got {noise!r}")
        self.weight = nn.Parameter(torch.zeros(data_dim, latent_dim))
        self.bias = nn.Parameter(torch.zeros(data_dim))
        self.log_noise = nn.Parameter(torch.zeros(() if noise == "isotropic" else (data_dim,)))
        self.encoder_weight = nn.Parameter(torch.zeros(latent_dim, data_dim))
        self.encoder_bias = nn.Parameter(torch.zeros(latent_dim))
        self.encoder_log_sigma = nn.Parameter(torch.zeros(latent_dim))
        self.reset()

    @torch.no_grad()
    def reset(self, generator: torch.Generator | None = None) -> "LinearVAE":
        """Draw new parameters, large enough that encoder and posterior differ visibly."""
        for parameter in self.parameters():
            device = drawing_device(generator, parameter.device)
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype, device=device)
            parameter.copy_(0.5 * noise)
        return self

    @torch.no_grad()
    def set_best_encoder(self) -> "LinearVAE":
        r"""Set the encoder to the best factorized one: the posterior's mean, and :math:`\sigma_j^2 = 1/P_{jj}`."""
        gain, _ = self._posterior_map()
        self.encoder_weight.copy_(gain)
        self.encoder_bias.copy_(-gain @ self.bias)
        self.encoder_log_sigma.copy_(-0.5 * self._precision().diagonal().log())
        return self

    def encode(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Return mean and log standard deviation of q(z|x)."""
        mu = x @ self.encoder_weight.T + self.encoder_bias
        return mu, self.encoder_log_sigma.expand_as(mu)

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch data"]:
        """Return the mean of p(x|z)."""
        return z @ self.weight.T + self.bias

    def log_likelihood(
        self, x: Float[Tensor, "*#batch data"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """Return log p(x|z)."""
        return gaussian_log_prob(x, self.decode(z), self.log_noise.expand(x.shape[-1]))

    def log_prob(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact log p(x)."""
        noise = torch.diag(torch.exp(2 * self.log_noise).expand(x.shape[-1]))
        covariance = self.weight @ self.weight.T + noise
        return MultivariateNormal(self.bias, covariance).log_prob(x)

    def posterior(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "latent latent"]]:
        """Return mean (per data point) and covariance (shared) of the exact p(z|x)."""
        gain, covariance = self._posterior_map()
        return (x - self.bias) @ gain.T, covariance

    def expected_log_likelihood(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        r"""Return the exact :math:`E_q\log p(x|z)`, with z from the model's encoder.

        .. math:: \log N(x \mid W\mu+b, \Psi) - \frac12\sum_j \sigma_j^2\, W_{\cdot j}^\top \Psi^{-1} W_{\cdot j}
        """
        mu, log_sigma = self.encode(x)
        spread = (torch.exp(2 * log_sigma) * (self.weight * self._weight_over_noise()).sum(dim=0)).sum(dim=-1)
        return self.log_likelihood(x, mu) - 0.5 * spread

    def elbo(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact ELBO, the expected log-likelihood minus KL(q(z|x) || p(z)), without sampling."""
        return self.expected_log_likelihood(x) - kl_to_standard_normal(*self.encode(x))

    def gap(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact KL(q(z|x) || p(z|x)), the difference between log p(x) and the ELBO."""
        mu, log_sigma = self.encode(x)
        mean, _ = self.posterior(x)
        return kl_to_correlated_gaussian(mu, log_sigma, mean, self._precision())

    def importance_sampler(self, x: Float[Tensor, "batch data"]) -> ImportanceSampler:
        """Return the sampler of ``x``; see :class:`~dgm_helpers.objectives.importance_weighting.ImportanceWeighted`."""
        mu, log_sigma = self.encode(x)
        zeros = torch.zeros(mu.shape[-1]).to(mu)  # mean and log standard deviation of N(0, I)

        def draw(samples: int, generator: torch.Generator | None = None) -> Float[Tensor, "samples batch"]:
            z, log_q = gaussian_sample_and_log_prob(mu, log_sigma, generator, samples=samples)
            return self.log_likelihood(x, z) + gaussian_log_prob(z, zeros, zeros) - log_q

        return draw

    def loss(
        self, batch: Float[Tensor, "batch data"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the negative exact ELBO and the KL to the prior, averages over the batch; nothing is drawn."""
        return {"loss": -self.elbo(batch).mean(), "kl": kl_to_standard_normal(*self.encode(batch)).mean()}

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} data"]:
        """Draw ``n`` data points from p(x)."""
        zeros = torch.zeros(n, self.weight.shape[1]).to(self.weight)
        mean = self.decode(gaussian_sample(zeros, zeros, generator))
        return gaussian_sample(mean, self.log_noise.expand_as(mean), generator)

    def _weight_over_noise(self) -> Float[Tensor, "data latent"]:
        return self.weight * torch.exp(-2 * self.log_noise).reshape(-1, 1)

    def _precision(self) -> Float[Tensor, "latent latent"]:
        identity = torch.eye(self.weight.shape[1]).to(self.weight)
        return identity + self.weight.T @ self._weight_over_noise()

    def _posterior_map(self) -> tuple[Float[Tensor, "latent data"], Float[Tensor, "latent latent"]]:
        covariance = torch.linalg.inv(self._precision())
        return covariance @ self._weight_over_noise().T, covariance


PRESETS = {"laptop": {"data_dim": 64, "latent_dim": 10}}

TRAINING = {"laptop": {"data": "digits", "steps": 3000, "learning_rate": 1e-2}}
