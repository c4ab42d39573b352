r"""Losses of generative adversarial networks, from logits: means over the batch, in nats.

With :math:`D = \sigma(l)` for a logit l, I. Goodfellow et al., *Generative Adversarial Nets*, NIPS 2014 (arXiv
1406.2661), eq. 1:

.. math:: \min_G \max_D V(D, G), \qquad V = E_\pi \log D(x) + E_{p(z)} \log(1 - D(G(z)))

One-sided label smoothing and feature matching: T. Salimans et al., *Improved Techniques for Training GANs*, NIPS 2016
(arXiv 1606.03498), sections 3.1 and 3.4. Log-probabilities are always computed from the logits, and so stay finite
where a sigmoid has rounded to 0 or 1; they are in at least float32.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def discriminator_loss(
    real_logits: Float[Tensor, " real"], fake_logits: Float[Tensor, " fake"], smoothing: float = 0.0
) -> Float[Tensor, ""]:
    r"""Return the cross-entropy of the discriminator; it is -V without smoothing.

    .. math:: -E_\pi[(1-\alpha) \log D + \alpha \log(1 - D)] - E_p \log(1 - D)

    Smoothing is one-sided: the target of real images is :math:`1 - \alpha`, the target of generated ones exactly 0.

    Args:
        real_logits: logits of real images.
        fake_logits: logits of generated images.
        smoothing: the amount of smoothing, :math:`\alpha`.

    Raises:
        ValueError: if ``smoothing`` is not in [0, 1).
    """
    _require_smoothing(smoothing)
    real, fake = _at_least_float32(real_logits), _at_least_float32(fake_logits)
    target_real = (1 - smoothing) * F.logsigmoid(real) + smoothing * F.logsigmoid(-real)
    return -target_real.mean() - F.logsigmoid(-fake).mean()


def optimal_discriminator(
    real_density: Float[Tensor, "*points"], fake_density: Float[Tensor, "*points"], smoothing: float = 0.0
) -> Float[Tensor, "*points"]:
    r"""Return the minimizer of :func:`discriminator_loss` at every point: :math:`D^* = (1-\alpha)\pi / (\pi + p)`.

    Goodfellow et al. (2014), proposition 1, for :math:`\alpha = 0`. NaN where both densities are zero.

    Raises:
        ValueError: if ``smoothing`` is not in [0, 1).
    """
    _require_smoothing(smoothing)
    return (1 - smoothing) * real_density / (real_density + fake_density)


def generator_loss(fake_logits: Float[Tensor, " fake"]) -> Float[Tensor, ""]:
    r"""Return the non-saturating loss, :math:`-E_{p(z)} \log D(G(z))`.

    Unlike the gradient of :func:`minimax_generator_loss`, its gradient does not vanish where the discriminator is sure.
    """
    return -F.logsigmoid(_at_least_float32(fake_logits)).mean()


def minimax_generator_loss(fake_logits: Float[Tensor, " fake"]) -> Float[Tensor, ""]:
    r"""Return the generator's part of V, :math:`E_{p(z)} \log(1 - D(G(z)))`."""
    return F.logsigmoid(-_at_least_float32(fake_logits)).mean()


def feature_matching_loss(
    real_features: Float[Tensor, "real *features"], fake_features: Float[Tensor, "fake *features"]
) -> Float[Tensor, ""]:
    r"""Return the squared distance of mean features, :math:`\|E_\pi f(x) - E_{p(z)} f(G(z))\|_2^2`, for the generator.

    No gradient flows into ``real_features``. ``fake_features`` must come from a discriminator whose parameters are
    frozen (:func:`~dgm_helpers.layers.frozen.frozen`), because only the generator is trained to match.
    """
    real = _at_least_float32(real_features).detach().mean(dim=0)
    return (real - _at_least_float32(fake_features).mean(dim=0)).square().sum()


def _at_least_float32(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _require_smoothing(smoothing: float) -> None:
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be in [0, 1), got {smoothing}")
