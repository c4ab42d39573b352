"""The base class of VAEs with several layers of latents: bounds, samples and reconstructions, for any networks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.distributions import gaussian_sample
from dgm_helpers.objectives.hierarchical import (
    Gaussian,
    ancestral_sample,
    hierarchical_elbo,
    hierarchical_kl,
    hierarchical_log_ratio,
)
from dgm_helpers.objectives.importance_weighting import ImportanceSampler, ImportanceWeighted

POSTERIORS = ("factorized", "bottom-up")
Draw = Callable[[Tensor, Tensor], Tensor]


class LatentHierarchy(ImportanceWeighted, Configured, nn.Module, ABC):
    r"""A hierarchy of Gaussian latents z_L → … → z_1 → x; a subclass defines p and q.

    .. math:: p(x, z) = p(x|z_1)\,p(z_1|z_2) \cdots p(z_{L-1}|z_L)\,p(z_L), \qquad p(z_L) = N(0, I)

    Layers are numbered as in the equation: 1 is next to x.

    Args:
        data_shape: shape of a data point.
        latent_dims: number of latent dimensions of each layer, from the bottom.
        posterior: ``"factorized"``, layers independent under q, or ``"bottom-up"``, each given the one beneath.
        free_nats: nats below which lowering a layer's KL, averaged over the batch, no longer lowers the loss.

    Raises:
        ValueError: if there are no layers, the posterior is not one of those listed, or ``free_nats`` is negative.
    """

    def __init__(
        self,
        *,
        data_shape: Sequence[int],
        latent_dims: Sequence[int],
        posterior: str = "factorized",
        free_nats: float = 0.0,
    ) -> None:
        super().__init__()
        require_layers(latent_dims)
        if posterior not in POSTERIORS:
            raise ValueError(f"posterior must be one of {', '.join(POSTERIORS)}; got {posterior!r}")
        if free_nats < 0:
            raise ValueError(f"free_nats must be at least 0, got {free_nats}")
        self.data_shape, self.latent_dims = tuple(data_shape), tuple(latent_dims)
        self.posterior, self.free_nats = posterior, free_nats

    @abstractmethod
    def prior(self, layer: int, above: Float[Tensor, "*batch above"] | None = None) -> Gaussian:
        """Return p(z_i|z_{i+1}) of layer i given z_{i+1}; for the top layer p(z_L), ``[latent]``, given None."""

    @abstractmethod
    def read(self, x: Float[Tensor, "batch *pixels"]) -> list[Tensor]:
        """Return the features of q(z|x) that depend only on x."""

    @abstractmethod
    def infer(self, features: Sequence[Tensor], draw: Draw) -> tuple[list[Tensor], list[Gaussian]]:
        """Return z_1 … z_L, each returned by ``draw`` for mean and log standard deviation of its q, and those pairs."""

    @abstractmethod
    def log_likelihood(
        self, x: Float[Tensor, "batch *pixels"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Return log p(x|z_1), in nats, for each data point and each of its z_1."""

    @abstractmethod
    def emit(
        self, z: Float[Tensor, "batch latent"], noise: Mapping[int, Tensor]
    ) -> Float[Tensor, "batch *data"]:
        """Return the data that z_1 and the noise of the pixels turn into."""

    def encode(self, x: Float[Tensor, "batch *pixels"]) -> list[Gaussian]:
        """Return q(z_i|x) of each layer from the bottom; if bottom-up, given the mean of the layer beneath.

        Raises:
            ValueError: if the data points have a different size from the model's.
        """
        return self.infer(self.read(x), lambda mu, _: mu)[1]

    def posterior_sample(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[list[Tensor], list[Gaussian]]:
        """Draw ``[samples, batch, latent_i]`` from q(z|x); return the draws and the Gaussian of each layer."""
        return self.infer(self.read(x), posterior_draw(samples, generator))

    def layer_means(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 100, generator: torch.Generator | None = None
    ) -> list[Float[Tensor, "batch latent"]]:
        r"""Return :math:`E_{q(z|x)}[z_i]` of each layer: exact if q depends only on x, else estimated by samples."""
        if self.posterior == "factorized":
            return [mu for mu, _ in self.encode(x)]
        _, posteriors = self.posterior_sample(x, samples, generator)
        return [mu if mu.ndim == 2 else mu.mean(dim=0) for mu, _ in posteriors]

    def prior_at(self, latents: Sequence[Tensor]) -> list[Gaussian]:
        """Return p(z_i|z_{i+1}) of each layer, at the given latents."""
        return [self.prior(i + 1, above) for i, above in enumerate([*latents[1:], None])]

    def terms(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Float[Tensor, "{samples} batch"], Float[Tensor, "{samples} batch layers"]]:
        """Return the terms that the ELBO averages at samples of q(z|x): log p(x|z_1), and each layer's KL term.

        The KL is in closed form given the layer above where that is exact, else log q - log p at the sample.

        Raises:
            ValueError: if ``samples`` is less than 1.
        """
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        latents, posteriors = self.posterior_sample(x, samples, generator)
        priors = self.prior_at(latents)
        kl = hierarchical_kl(posteriors, priors).expand(samples, len(x), -1)
        if self.posterior == "bottom-up":
            # z_i and z_{i+1} are dependent: only the closed form of the top layer, given z_{L-1}, is the layer's term.
            ratio = hierarchical_log_ratio(latents, posteriors, priors)
            kl = torch.cat([ratio[..., :-1], kl[..., -1:]], dim=-1)
        return self.log_likelihood(x, latents[0]), kl

    def loss(
        self, batch: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the negative ELBO with one sample, and its terms, with the KL of each layer; batch averages in nats.

        With ``free_nats`` the loss has max(KL_i, free_nats) for the KL of each layer, Kingma et al.'s free bits.
        """
        reconstruction, kl = self.terms(batch, 1, generator)
        elbo = hierarchical_elbo(reconstruction, kl).mean()
        reconstruction, kl = reconstruction.mean(), kl.mean(dim=(0, 1))
        loss = kl.clamp_min(self.free_nats).sum() - reconstruction if self.free_nats else -elbo
        layers = {f"kl_{layer}": value for layer, value in enumerate(kl, start=1)}
        return {"loss": loss, "elbo": elbo, "reconstruction": reconstruction, "kl": kl.sum(), **layers}

    def elbo(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 1, generator: torch.Generator | None = None
    ) -> Float[Tensor, " batch"]:
        """Return an unbiased estimate of the ELBO, in nats: the mean over ``samples`` samples of :meth:`terms`."""
        return hierarchical_elbo(*self.terms(x, samples, generator)).mean(dim=0)

    def importance_sampler(self, x: Float[Tensor, "batch *pixels"]) -> ImportanceSampler:
        """Return the sampler of ``x``; see :class:`~dgm_helpers.objectives.importance_weighting.ImportanceWeighted`."""
        features = self.read(x)

        def draw(samples: int, generator: torch.Generator | None = None) -> Float[Tensor, "samples batch"]:
            latents, posteriors = self.infer(features, posterior_draw(samples, generator))
            ratio = hierarchical_log_ratio(latents, posteriors, self.prior_at(latents)).sum(dim=-1)
            return self.log_likelihood(x, latents[0]) - ratio

        return draw

    def draw_noise(self, n: int, generator: torch.Generator | None = None) -> dict[int, Tensor]:
        """Draw all the randomness of ``n`` samples: standard normal noise ``[n, latent_i]`` for each layer i."""
        like = next(self.parameters())
        zeros = {layer: like.new_zeros(n, dim) for layer, dim in enumerate(self.latent_dims, start=1)}
        # From the top, in the order in which they are used.
        return {
            layer: gaussian_sample(zeros[layer], zeros[layer], generator) for layer in sorted(zeros)[::-1]
        }

    def generate(
        self, noise: Mapping[int, Tensor], held: Mapping[int, Tensor] | None = None
    ) -> Float[Tensor, "batch *data"]:
        """Return the data that this noise turns into; new noise for one layer resamples that layer.

        Args:
            noise: the noise of each layer, as :meth:`draw_noise` returns it.
            held: layer -> its z, ``[n, latent_i]`` or ``[1, latent_i]``, used instead of the z from the noise.
        """
        return self.emit(self.draw_latents(noise, held)[0], noise)

    def draw_latents(
        self, noise: Mapping[int, Tensor], held: Mapping[int, Tensor] | None = None
    ) -> list[Tensor]:
        """Return the z_1 … z_L that this noise turns into; for the arguments see :meth:`generate`."""
        layers = range(1, len(self.latent_dims) + 1)
        return ancestral_sample(self.prior, [noise[layer] for layer in layers], held)

    def sample(
        self,
        n: int,
        generator: torch.Generator | None = None,
        *,
        held: Mapping[int, Tensor] | None = None,
    ) -> Float[Tensor, "{n} *data"]:
        """Draw z_L, then each layer given the one above, then x. For ``held`` see :meth:`generate`."""
        return self.generate(self.draw_noise(n, generator), held)

    def reconstruct(
        self, x: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None, *, lowest: int = 1
    ) -> Float[Tensor, "batch *pixels"]:
        """Reconstruct x from the means of q in layer ``lowest`` and above; the layers beneath come from the prior.

        Raises:
            ValueError: if there is no such layer.
        """
        if not 1 <= lowest <= len(self.latent_dims):
            raise ValueError(f"lowest must be a layer from 1 to {len(self.latent_dims)}, got {lowest}")
        held = {layer: mu for layer, (mu, _) in enumerate(self.encode(x), start=1) if layer >= lowest}
        return self.sample(len(x), generator, held=held).view_as(x)


def require_layers(latent_dims: Sequence[int]) -> None:
    """Refuse a hierarchy without layers with a ValueError."""
    if not latent_dims:
        raise ValueError("latent_dims must have at least 1 layer, got none")


def posterior_draw(samples: int, generator: torch.Generator | None = None) -> Draw:
    """Return a function that draws ``samples`` samples ``[samples, batch, latent]`` from Gaussians.

    Of Gaussians ``[batch, latent]`` it draws ``samples`` each; of ``[samples, batch, latent]``, one each.
    """

    def draw(mu: Tensor, log_sigma: Tensor) -> Tensor:
        mu, log_sigma = (parameter.expand(samples, *parameter.shape[-2:]) for parameter in (mu, log_sigma))
        return gaussian_sample(mu, log_sigma, generator)

    return draw
