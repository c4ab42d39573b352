r"""The ELBO of a chain of latents z_L → … → z_1 → x, with one KL divergence per layer.

.. math:: p(x, z_1, …, z_L) = p(x|z_1)\,p(z_1|z_2) \cdots p(z_{L-1}|z_L)\,p(z_L), \qquad
          q(z_1, …, z_L|x) = \prod_i q(z_i|x)

With this q, independent across layers given x (I. Gulrajani et al., *PixelVAE*, ICLR 2017, arXiv 1611.05013), every
term of KL(q || p) depends only on two neighboring layers:

.. math:: \mathcal L(x) = E_{q(z_1|x)} \log p(x|z_1)
          - \sum_{i=1}^{L} E_{q(z_{i+1}|x)}\, \mathrm{KL}\!\left(q(z_i|x) \,\|\, p(z_i|z_{i+1})\right),

where the term of the top layer is :math:`\mathrm{KL}(q(z_L|x) \,\|\, p(z_L))`, with nothing to average over.

Layers are listed from the bottom: the first entry belongs to z_1. A diagonal Gaussian is a pair of its mean and the
logarithm of its standard deviation. Everything is in nats.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.objectives.distributions import gaussian_log_prob, kl_diagonal_gaussians

Gaussian = tuple[Tensor, Tensor]  # mean and log standard deviation


def hierarchical_kl(
    posteriors: Sequence[Gaussian], priors: Sequence[Gaussian]
) -> Float[Tensor, "*batch layers"]:
    r"""Return KL(q(z_i|x) || p(z_i|z_{i+1})) of each layer, in closed form given z_{i+1}.

    Its mean over z_{i+1} ~ q(z_{i+1}|x) is the layer's term of the ELBO.

    Args:
        posteriors: the Gaussians q(z_i|x), each ``[*batch, latent_i]``, from the bottom.
        priors: the Gaussians p(z_i|z_{i+1}) at z_{i+1} drawn from q, not from the prior; the last is p(z_L), which may
            have the shape ``[latent_L]``.

    Raises:
        ValueError: if there are no layers, or not as many priors as posteriors.
    """
    _require_pairs(posteriors, priors)
    layers = [kl_diagonal_gaussians(*q, *p) for q, p in zip(posteriors, priors, strict=True)]
    return torch.stack(torch.broadcast_tensors(*layers), dim=-1)


def hierarchical_log_ratio(
    latents: Sequence[Tensor], posteriors: Sequence[Gaussian], priors: Sequence[Gaussian]
) -> Float[Tensor, "*batch layers"]:
    r"""Return log q(z_i) - log p(z_i|z_{i+1}) of each layer at one sample of the chain.

    Its sum over layers is log q(z|x) - log p(z), whatever each q conditions on; the mean of that is KL(q(z|x) || p(z)).

    Args:
        latents: the sample, from the bottom, each ``[*batch, latent_i]``.
        posteriors: the Gaussians that each z_i was drawn from.
        priors: the Gaussians p(z_i|z_{i+1}) at the sample; the last is p(z_L).

    Raises:
        ValueError: as for :func:`hierarchical_kl`.
    """
    _require_pairs(posteriors, priors)
    layers = [
        gaussian_log_prob(z, *q) - gaussian_log_prob(z, *p)
        for z, q, p in zip(latents, posteriors, priors, strict=True)
    ]
    return torch.stack(torch.broadcast_tensors(*layers), dim=-1)


def hierarchical_elbo(
    log_likelihood: Float[Tensor, "*batch"], kl: Float[Tensor, "*batch layers"]
) -> Float[Tensor, "*batch"]:
    """Return the ELBO, or a sample of it: log p(x|z_1), z_1 ~ q(z_1|x), minus the KL divergence of each layer."""
    return log_likelihood - kl.sum(dim=-1)


def ancestral_sample(
    prior: Callable[[int, Tensor | None], Gaussian],
    noise: Sequence[Tensor],
    held: Mapping[int, Tensor] | None = None,
) -> list[Tensor]:
    r"""Draw z_L first, then each layer given the one above: :math:`z_i = \mu_i(z_{i+1}) + \sigma_i \varepsilon_i`.

    Args:
        prior: function of layer i = 1 … L and z_{i+1} (None for the top) that returns p(z_i|z_{i+1}).
        noise: the standard normal :math:`\varepsilon_i`, from the bottom, each ``[*batch, latent_i]``. To resample a
            layer with all other noise fixed, replace its entry.
        held: layer -> the given z_i, which is used instead of a drawn one.

    Returns:
        The latents, from the bottom.
    """
    held, latents, above = held or {}, [], None
    for layer in range(len(noise), 0, -1):
        if layer in held:
            above = held[layer].expand_as(noise[layer - 1])
        else:
            mu, log_sigma = prior(layer, above)
            above = mu + torch.exp(log_sigma) * noise[layer - 1]
        latents.append(above)
    return latents[::-1]


def _require_pairs(posteriors: Sequence[Gaussian], priors: Sequence[Gaussian]) -> None:
    if not posteriors or len(posteriors) != len(priors):
        raise ValueError(
            "posteriors and priors must have one entry per layer of latents, at least 1, got "
            f"{len(posteriors)} and {len(priors)}"
        )
