r"""log p(x) of a latent-variable model by importance sampling: the L_5000 that papers report.

Burda, Grosse and Salakhutdinov (2016), section 5: :math:`\log \frac1K \sum_k p(x, z_k)/q(z_k|x)` with K = 5,000 samples
of the model's own q(z|x). Its mean is a lower bound on log p(x) for every K, so a result must name its K.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.models.protocol import ImportanceSamples
from dgm_helpers.objectives.importance_weighting import sampled_bound
from dgm_helpers.runtime import evaluation_mode

IMAGES_AT_ONCE = 100


@torch.no_grad()
def marginal_log_likelihood(
    model: nn.Module,
    x: Float[Tensor, "n *pixels"],
    samples: int = 5000,
    generator: torch.Generator | None = None,
    *,
    images_at_once: int = IMAGES_AT_ONCE,
) -> Float[Tensor, " n"]:
    """Estimate the log-likelihood of each data point from ``samples`` importance samples, in nats; no gradients.

    The negative log-likelihood of a data set is minus the mean, and its standard error is the standard deviation
    divided by the square root of n. Every data point is encoded once, and memory does not depend on ``samples``.

    Args:
        model: a model with ``importance_sampler(x)``, see :class:`~dgm_helpers.models.vae.VAE`. It is put into
            evaluation mode during the call.
        x: data like those that the model was trained on: binarized images for a Bernoulli likelihood.
        samples: number K of samples of each data point.
        generator: random generator of the samples.
        images_at_once: number of data points encoded in one pass.

    Raises:
        ValueError: if there are no data or no samples.
        TypeError: if the model has no importance sampler.
    """
    if not isinstance(model, ImportanceSamples):
        raise TypeError(
            f"model must have importance_sampler(x), which draws from its q(z|x), got {type(model).__name__}"
        )
    if len(x) == 0:
        raise ValueError("x must contain at least one data point, got 0")
    parameter, bounds = next(model.parameters()), []
    with evaluation_mode(model):
        for images in x.split(images_at_once):
            draw = model.importance_sampler(images.to(parameter))
            bounds.append(sampled_bound(draw, samples, len(images), generator))
    return torch.cat(bounds)
