r"""Monte Carlo gradients of an expectation whose distribution depends on the parameters.

There are two ways to estimate the gradient of E_q[f(z)] with respect to the parameters of q, here a diagonal Gaussian
N(mu, sigma^2):

* the score function (log-derivative trick, REINFORCE; Williams, 1992), which needs only values of f,

  .. math:: \nabla E_q[f(z)] = E_q[f(z) \nabla \log q(z)],

* reparametrization (Kingma and Welling, 2014, section 2.4), which needs f differentiable,

  .. math:: \nabla E_q[f(z)] = E_{\varepsilon}[\nabla f(\mu + \sigma\varepsilon)];

The leave-one-out baseline removes most of the first one's variance (Mnih and Rezende, 2016; Kool et al., 2019).

Shapes: ``mu`` and ``log_sigma`` are ``[*batch, d]``, one Gaussian per row; samples come first,
``[n_samples, *batch, d]``, and each row has its own samples. ``f`` maps ``[n_samples, *batch, d]``
to ``[n_samples, *batch]``. Estimates are plain numbers: nothing can be differentiated through them.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.objectives.distributions import gaussian_sample, kl_to_standard_normal

Function = Callable[[Tensor], Tensor]
Gradients = tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]
Estimator = Callable[[Function, Tensor, Tensor, int, torch.Generator | None], Gradients]


def score(
    z: Float[Tensor, "*samples latent"],
    mu: Float[Tensor, "*#samples latent"],
    log_sigma: Float[Tensor, "*#samples latent"],
) -> tuple[Float[Tensor, "*samples latent"], Float[Tensor, "*samples latent"]]:
    r"""Return the gradient of log N(z | mu, sigma^2) with respect to ``mu`` and to ``log_sigma``, entry by entry.

    .. math:: \frac{\partial \log q}{\partial \mu_j} = \frac{z_j-\mu_j}{\sigma_j^2}, \qquad
              \frac{\partial \log q}{\partial \log\sigma_j} = \frac{(z_j-\mu_j)^2}{\sigma_j^2} - 1
    """
    standardized = (z - mu) * torch.exp(-log_sigma)
    return standardized * torch.exp(-log_sigma), standardized**2 - 1


def bernoulli_score(
    z: Float[Tensor, "*samples latent"], logits: Float[Tensor, "*#samples latent"]
) -> Float[Tensor, "*samples latent"]:
    r"""Return the gradient of Bernoulli bits' log-probability by their logits, :math:`z_j - \mathrm{sigmoid}(l_j)`."""
    return z - torch.sigmoid(logits)


@torch.no_grad()
def score_function_gradient(
    f: Function,
    mu: Float[Tensor, "*batch latent"],
    log_sigma: Float[Tensor, "*batch latent"],
    n_samples: int,
    generator: torch.Generator | None = None,
) -> Gradients:
    r"""Return the score-function estimate of the gradient of E_q[f(z)] with respect to ``mu`` and ``log_sigma``.

    .. math:: \frac1K \sum_k f(z_k) \nabla \log q(z_k), \qquad z_k \sim q = N(\mu, \sigma^2)

    Williams (1992); for variational inference Paisley et al. (2012).

    Raises:
        ValueError: if ``n_samples`` is less than 1.
    """
    z = _samples(mu, log_sigma, n_samples, generator)
    values = f(z)[..., None]
    score_mu, score_log_sigma = score(z, mu, log_sigma)
    return (values * score_mu).mean(dim=0), (values * score_log_sigma).mean(dim=0)


def reparametrized_gradient(
    f: Function,
    mu: Float[Tensor, "*batch latent"],
    log_sigma: Float[Tensor, "*batch latent"],
    n_samples: int,
    generator: torch.Generator | None = None,
) -> Gradients:
    r"""Return the pathwise estimate of the gradient of E_q[f(z)] with respect to ``mu`` and ``log_sigma``.

    The function f must be differentiable.

    .. math:: \frac1K \sum_k \nabla_{\mu, \log\sigma} f(\mu + \sigma\varepsilon_k), \qquad \varepsilon_k \sim N(0, I)

    Kingma and Welling (2014), section 2.4; Rezende et al. (2014).

    Raises:
        ValueError: if ``n_samples`` is less than 1.
    """
    # Leaves of a new graph, so that no gradient reaches the caller's graph.
    mu, log_sigma = mu.detach().requires_grad_(), log_sigma.detach().requires_grad_()
    with torch.enable_grad():
        mean = f(_samples(mu, log_sigma, n_samples, generator)).mean(dim=0)
        return torch.autograd.grad(mean.sum(), (mu, log_sigma))


def leave_one_out_gradient(
    values: Float[Tensor, "samples *batch"], scores: Float[Tensor, "samples *batch parameters"]
) -> Float[Tensor, "*batch parameters"]:
    r"""Return the score-function estimate in which each sample's baseline is the mean value of the other samples.

    .. math:: \frac1K \sum_k (f_k - b_k) s_k, \qquad b_k = \frac{1}{K-1} \sum_{j \ne k} f_j

    It is unbiased, because b_k is independent of z_k and E[s_k] = 0. Written with the mean of all K values it is
    :math:`\frac{1}{K-1} \sum_k (f_k - \bar f) s_k`, the unbiased sample covariance of f and the score.
    It works for any distribution of z, because only f(z_k) and the scores enter. Mnih and Rezende (2016); Kool et al.
    (2019).

    Args:
        values: f(z_k) of K independent samples.
        scores: gradient of log q(z_k) with respect to the parameters.

    Raises:
        ValueError: if there are fewer than two samples, so that no other sample is left for a baseline.
    """
    n_samples = values.shape[0]
    if n_samples < 2:
        raise ValueError(
            f"values must have at least 2 samples, one of them for the baseline, got {n_samples}"
        )
    centered = (values - values.mean(dim=0)).unsqueeze(-1)
    return ((centered * scores).sum(dim=0) / (n_samples - 1)).detach()


def elbo_gradient(
    model: nn.Module,
    x: Float[Tensor, "batch data"],
    n_data: int,
    estimator: Estimator,
    n_samples: int,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Estimate the gradient of the ELBO of all ``n_data`` points by the encoder's parameters from a minibatch.

    .. math:: \frac nB \sum_{i=1}^{B} \left[ \hat\nabla_\phi E_{q(z|x_i)} \log p(x_i|z)
              - \nabla_\phi KL(q(z|x_i) \,\|\, p(z)) \right]

    The expectation's gradient with respect to (mu_i, log sigma_i) comes from ``estimator`` and is carried to the
    parameters by the chain rule; the KL to the standard normal prior is differentiated exactly.
    Kingma and Welling (2014), equations 7 and 8.

    Args:
        model: a linear-Gaussian VAE (:class:`dgm_helpers.models.linear_vae.LinearVAE`).
        x: the minibatch.
        n_data: size of the data set that the batch was drawn from.
        estimator: :func:`score_function_gradient`, :func:`reparametrized_gradient` or a function of that signature.
        n_samples: number of samples of z for each image.
        generator: random generator of the samples.

    Returns:
        Gradients with respect to ``encoder_weight`` [d, D], ``encoder_bias`` [d] and ``encoder_log_sigma`` [d].
    """
    mu, log_sigma = model.encode(x)
    grad_mu, grad_log_sigma = estimator(
        lambda z: model.log_likelihood(x, z), mu.detach(), log_sigma.detach(), n_samples, generator
    )
    # Its derivative with respect to mu and log_sigma is the estimate: backpropagation applies the chain rule.
    expectation = (grad_mu * mu + grad_log_sigma * log_sigma).sum()
    objective = n_data / x.shape[0] * (expectation - kl_to_standard_normal(mu, log_sigma).sum())
    return torch.autograd.grad(objective, (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma))


def _samples(mu: Tensor, log_sigma: Tensor, n_samples: int, generator: torch.Generator | None) -> Tensor:
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    shape = (n_samples, *mu.shape)
    return gaussian_sample(mu.expand(shape), log_sigma.expand(shape), generator)
