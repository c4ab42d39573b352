r"""Importance-weighted bounds on log p(x), from the log-weights of K samples of q(z|x).

Y. Burda, R. Grosse and R. Salakhutdinov, *Importance Weighted Autoencoders*, ICLR 2016 (arXiv 1509.00519). With
:math:`w_k = p(x, z_k) / q(z_k|x)` and :math:`z_k \sim q(z|x)`,

.. math:: L_K = E \log \frac1K \sum_k w_k, \qquad L_1 \le L_K \le L_{K+1} \le \log p(x), \qquad
          \nabla L_K = E \sum_k \tilde w_k \nabla \log w_k, \quad \tilde w_k = w_k / \sum_j w_j.

The samples are the first axis, the images the second; everything is in nats. Sums of weights are computed by
log-sum-exp in at least float32.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

# Draws this many new samples with a generator, or the global one, and returns their log-weights, ``[samples, batch]``.
ImportanceSampler = Callable[[int, torch.Generator | None], Tensor]
# Latents decoded in one pass of a long evaluation: activations of a few hundred units then fit in the CPU's cache.
LATENTS_AT_ONCE = 1024


def iwae_bound(log_weights: Float[Tensor, "samples batch"]) -> Float[Tensor, " batch"]:
    r"""Return :math:`\log \frac1K \sum_k w_k` in nats, a one-draw estimate of the bound :math:`L_K` on log p(x).

    Burda et al. (2016), eq. 8. With one sample its mean is the ELBO. Autograd computes the gradient with normalized
    weights. The mean of the value is a bound, which that of :math:`\sum_k \tilde w_k \log w_k` is not.

    Args:
        log_weights: log p(x, z_k) - log q(z_k|x) for K samples z_k ~ q(z|x).

    Raises:
        ValueError: if there are no samples.
    """
    _require_samples(len(log_weights))
    return _float32(log_weights).logsumexp(dim=0) - math.log(len(log_weights))


def normalized_weights(log_weights: Float[Tensor, "samples batch"]) -> Float[Tensor, "samples batch"]:
    r"""Return the weights :math:`\tilde w_k = w_k / \sum_j w_j`, which sum to one over the samples.

    Burda et al. (2016), section 3: they weight the samples' gradients in the gradient of the bound.

    Raises:
        ValueError: if there are no samples.
    """
    _require_samples(len(log_weights))
    return _float32(log_weights).softmax(dim=0)


def sampled_bound(
    draw: ImportanceSampler,
    samples: int,
    batch: int,
    generator: torch.Generator | None = None,
    *,
    latents_at_once: int = LATENTS_AT_ONCE,
) -> Float[Tensor, "{batch}"]:
    """Return :func:`iwae_bound` of ``samples`` samples per image, which are drawn in chunks and summed, in nats.

    Without gradients, memory depends on the size of a chunk, not on the number of samples.

    Args:
        draw: the sampler, which has encoded the images once for all samples.
        samples: number K of samples per image.
        batch: number of images.
        generator: generator that draws the samples.
        latents_at_once: number of samples times images in a chunk; a chunk has at least one sample per image.

    Raises:
        ValueError: if there are no samples.
    """
    _require_samples(samples)
    chunk = max(1, latents_at_once // max(1, batch))
    total = None
    for done in range(0, samples, chunk):
        part = _float32(draw(min(chunk, samples - done), generator)).logsumexp(dim=0)
        total = part if total is None else torch.logaddexp(total, part)
    return total - math.log(samples)


class ImportanceWeighted:
    """Mixin that estimates a bound on log p(x) with the model's method ``importance_sampler(x)``.

    That method encodes ``x`` once and returns a function that draws a number of samples z_k ~ q(z|x) and returns their
    log-weights log p(x, z_k) - log q(z_k|x), ``[samples, batch]``, in nats.
    """

    def bound(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 1, generator: torch.Generator | None = None
    ) -> Float[Tensor, " batch"]:
        r"""Return an estimate of a lower bound on log p(x), in nats: :math:`\log\frac1K\sum_k p(x,z_k)/q(z_k|x)`.

        Burda et al. (2016), eq. 8. With one sample its mean is the ELBO. Samples are drawn in chunks, so that without
        gradients many need no more memory than one chunk.

        Raises:
            ValueError: if ``samples`` is less than 1.
        """
        return sampled_bound(self.importance_sampler(x), samples, len(x), generator)


def _float32(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _require_samples(samples: int) -> None:
    if samples < 1:
        raise ValueError(f"the number of importance samples must be at least 1, got {samples}")
