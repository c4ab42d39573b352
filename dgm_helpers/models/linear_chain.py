r"""The linear-Gaussian chain: a hierarchical VAE in which everything is known exactly, the oracle of many checks.

.. math:: z_L \sim N(0, I), \qquad z_i = W_i z_{i+1} + b_i + s_i \odot \varepsilon_i, \qquad
          x = W_0 z_1 + b_0 + s_0 \odot \varepsilon_0, \qquad q(z_i|x) = N(A_i x + a_i,\ \mathrm{diag}(\sigma_i^2))

x and all z are one Gaussian, so that log p(x) and p(z|x) are exact. The ELBO of this q, or of any other that is
independent across layers given x, is below log p(x) by KL(q(z|x) || p(z|x)), which no choice of q makes zero: the
posterior of neighbors in a chain is correlated wherever W_i is not zero.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from dgm_helpers.models.latent_hierarchy import Draw, LatentHierarchy
from dgm_helpers.objectives.distributions import (
    gaussian_log_prob,
    gaussian_sample,
    kl_to_correlated_gaussian,
)
from dgm_helpers.objectives.hierarchical import Gaussian, hierarchical_elbo, hierarchical_kl


class LinearChain(LatentHierarchy):
    """Linear-Gaussian chain with an affine, factorized encoder; in nats.

    The parameters are random, see :meth:`reset`.

    Args:
        data_dim: number of data dimensions D.
        latent_dims: number of latent dimensions of each layer, from the bottom.

    Raises:
        ValueError: if there are no layers of latents.
    """

    def __init__(self, *, data_dim: int = 4, latent_dims: Sequence[int] = (3, 2)) -> None:
        super().__init__(data_shape=(data_dim,), latent_dims=latent_dims)
        outputs = [data_dim, *latent_dims[:-1]]  # of W_0, W_1, …
        self.weights = _parameters((o, i) for o, i in zip(outputs, latent_dims, strict=True))
        self.biases = _parameters((size,) for size in outputs)
        self.log_noises = _parameters((size,) for size in outputs)
        self.encoder_weights = _parameters((size, data_dim) for size in latent_dims)
        self.encoder_biases = _parameters((size,) for size in latent_dims)
        self.encoder_log_sigmas = _parameters((size,) for size in latent_dims)
        self.reset()

    @torch.no_grad()
    def reset(self, generator: torch.Generator | None = None) -> "LinearChain":
        """Draw new parameters, large enough that encoder and posterior differ visibly."""
        for parameter in self.parameters():
            zeros = torch.zeros_like(parameter)
            parameter.copy_(0.5 * gaussian_sample(zeros, zeros, generator))
        return self

    @torch.no_grad()
    def set_best_encoder(self) -> "LinearChain":
        r"""Set q to the best factorized one: the mean of p(z|x), and :math:`\sigma_j^2 = 1/P_{jj}` of its precision."""
        gain, precision = self._posterior_map()
        center = self.moments()[0]
        offset = center[self.data_shape[0] :] - gain @ center[: self.data_shape[0]]
        log_sigma = -0.5 * precision.diagonal().log()
        for i, parts in enumerate(
            zip(*(v.split(self.latent_dims) for v in (gain, offset, log_sigma)), strict=True)
        ):
            self.encoder_weights[i].copy_(parts[0])
            self.encoder_biases[i].copy_(parts[1])
            self.encoder_log_sigmas[i].copy_(parts[2])
        return self

    def prior(self, layer: int, above: Float[Tensor, "*batch above"] | None = None) -> Gaussian:
        """Return p(z_i|z_{i+1}) of layer i given z_{i+1}; for layer 0 p(x|z_1), for the top layer p(z_L) given None."""
        if layer == len(self.latent_dims):
            zeros = torch.zeros_like(self.encoder_log_sigmas[-1])
            return zeros, zeros
        mu = above @ self.weights[layer].T + self.biases[layer]
        return mu, self.log_noises[layer].expand_as(mu)

    def read(self, x: Float[Tensor, "batch data"]) -> list[Tensor]:
        """Return the mean of each layer's q."""
        return [x @ w.T + b for w, b in zip(self.encoder_weights, self.encoder_biases, strict=True)]

    def infer(self, features: Sequence[Tensor], draw: Draw) -> tuple[list[Tensor], list[Gaussian]]:
        """Return z_1 … z_L, each returned by ``draw`` for mean and log standard deviation of its q, and those pairs."""
        log_sigmas = self.encoder_log_sigmas
        posteriors = [(mu, s.expand_as(mu)) for mu, s in zip(features, log_sigmas, strict=True)]
        return [draw(*posterior) for posterior in posteriors], posteriors

    def log_likelihood(
        self, x: Float[Tensor, "batch data"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Return log p(x|z_1)."""
        return gaussian_log_prob(x, *self.prior(0, z))

    def draw_noise(self, n: int, generator: torch.Generator | None = None) -> dict[int, Tensor]:
        """Draw standard normal noise for each layer of latents, and for x, which is layer 0."""
        zeros = self.biases[0].new_zeros(n, *self.data_shape)
        return {**super().draw_noise(n, generator), 0: gaussian_sample(zeros, zeros, generator)}

    def emit(self, z: Float[Tensor, "batch latent"], noise: dict[int, Tensor]) -> Float[Tensor, "batch data"]:
        """Return x ~ p(x|z_1), computed from the noise of layer 0."""
        mu, log_sigma = self.prior(0, z)
        return mu + torch.exp(log_sigma) * noise[0]

    def moments(self) -> tuple[Float[Tensor, " all"], Float[Tensor, "all all"]]:
        """Return the exact mean and covariance of (x, z_1, …, z_L)."""
        sizes = [*self.data_shape, *self.latent_dims]
        # Each variable is a mean plus a matrix times the noise of all layers (ε_0, …, ε_L).
        noises = torch.eye(sum(sizes)).to(self.biases[0]).split(sizes)
        means, loadings = [torch.zeros_like(self.encoder_log_sigmas[-1])], [noises[-1]]
        for layer in range(len(self.latent_dims) - 1, -1, -1):
            means.append(self.weights[layer] @ means[-1] + self.biases[layer])
            added = torch.exp(self.log_noises[layer])[:, None] * noises[layer]
            loadings.append(self.weights[layer] @ loadings[-1] + added)
        loading = torch.cat(loadings[::-1])
        return torch.cat(means[::-1]), loading @ loading.T

    def log_prob(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact log p(x)."""
        mean, covariance = self.moments()
        size = self.data_shape[0]
        return MultivariateNormal(mean[:size], covariance[:size, :size]).log_prob(x)

    def exact_posterior(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latents"], Float[Tensor, "latents latents"]]:
        """Return mean (per data point) and precision, the inverse covariance (shared), of p(z_1, …, z_L|x)."""
        gain, precision = self._posterior_map()
        center, size = self.moments()[0], self.data_shape[0]
        return center[size:] + (x - center[:size]) @ gain.T, precision

    def exact_kl(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch layers"]:
        r"""Return each layer's KL term of the ELBO, with its exact mean over z_{i+1}.

        .. math:: \mathrm{KL}(q(z_i|x) \,\|\, p(z_i|z_{i+1} = \mu_{i+1}))
                  + \tfrac12 \sum_{jk} W_{jk}^2 \sigma_{i+1,k}^2 / s_j^2
        """
        posteriors = self.encode(x)
        at_means = hierarchical_kl(posteriors, self.prior_at([mu for mu, _ in posteriors]))
        spreads = [self._spread(layer, posteriors[layer][1]) for layer in range(1, len(posteriors))]
        return at_means + torch.stack([*spreads, torch.zeros_like(at_means[:, 0])], dim=-1)

    def exact_elbo(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact ELBO of the model's encoder, without sampling."""
        mu, log_sigma = self.encode(x)[0]
        reconstruction = self.log_likelihood(x, mu) - self._spread(0, log_sigma)
        return hierarchical_elbo(reconstruction, self.exact_kl(x))

    def gap(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact KL(q(z|x) || p(z|x)), the difference between log p(x) and the ELBO."""
        mu, log_sigma = (torch.cat(part, dim=-1) for part in zip(*self.encode(x), strict=True))
        return kl_to_correlated_gaussian(mu, log_sigma, *self.exact_posterior(x))

    def _spread(self, layer: int, log_sigma: Float[Tensor, "batch above"]) -> Float[Tensor, " batch"]:
        """Return how much q's variance of z_{i+1} lowers E log p(z_i|z_{i+1}), or for layer 0 E log p(x|z_1)."""
        scaled = self.weights[layer] * torch.exp(-self.log_noises[layer])[:, None]
        return 0.5 * (torch.exp(2 * log_sigma) * scaled.square().sum(dim=0)).sum(dim=-1)

    def _posterior_map(self) -> tuple[Float[Tensor, "latents data"], Float[Tensor, "latents latents"]]:
        """Return gain G and precision P of p(z|x) = N(E z + G (x - E x), P⁻¹)."""
        _, covariance = self.moments()
        size = self.data_shape[0]
        across, within = covariance[size:, :size], covariance[size:, size:]
        gain = torch.linalg.solve(covariance[:size, :size], across.T).T
        return gain, torch.linalg.inv(within - gain @ across.T)


def _parameters(shapes) -> nn.ParameterList:
    return nn.ParameterList(nn.Parameter(torch.zeros(shape)) for shape in shapes)
