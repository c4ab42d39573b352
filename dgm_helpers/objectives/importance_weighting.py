r"""Importance-weighted bounds on log p(x), from the log-weights of K samples of q(z|x).

Y. Burda, R. Grosse and R. Salakhutdinov, *Importance Weighted Autoencoders*, ICLR 2016 (arXiv 1509.00519). With
:math:`w_k = p(x, z_k) / q(z_k|x)` and :math:`z_k \sim q(z|x)`,

.. math:: L_K = E \log \frac1K \sum_k w_k, \qquad L_1 \le L_K \le L_{K+1} \le \log p(x), \qquad
          \nabla L_K = E \sum_k \tilde w_k \nabla \log w_k, \quad \tilde w_k = w_k / \sum_j w_j.

The samples are the first axis, the images the second; everything is in nats. Sums of weights are taken by log-sum-exp
in float32 at least, whatever precision the weights come in.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

# Draws so many more samples with a generator, or the global one, and returns their log-weights, ``[samples, batch]``.
ImportanceSampler = Callable[[int, torch.Generator | None], Tensor]
# Decoded in one pass of a long evaluation: layers of some hundred units then stay near the processor.
LATENTS_AT_ONCE = 1024


def iwae_bound(log_weights: Float[Tensor, "samples batch"]) -> Float[Tensor, " batch"]:
    r"""Importance-weighted bound :math:`\log \frac1K \sum_k w_k` on log p(x), in nats; one draw of :math:`L_K`.

    Burda et al. (2016), eq. 8. With one sample it is a draw of the ELBO. Autograd gives it the gradient with normalized
    weights, and its value stays a bound, which that of :math:`\sum_k \tilde w_k \log w_k` is not.

    Args:
        log_weights: log p(x, z_k) - log q(z_k|x) for K samples z_k ~ q(z|x).

    Raises:
        ValueError: if there are no samples.
    """
    _require_samples(len(log_weights))
    return _float32(log_weights).logsumexp(dim=0) - math.log(len(log_weights))


def normalized_weights(log_weights: Float[Tensor, "samples batch"]) -> Float[Tensor, "samples batch"]:
    r"""The weights :math:`\tilde w_k = w_k / \sum_j w_j`, which sum to one over the samples.

    Burda et al. (2016), section 3: the weight of each sample's gradient in that of the bound.

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
    """:func:`iwae_bound` of so many samples of each image, drawn in chunks and summed up as they come, in nats.

    Without gradients memory depends on the size of a chunk, not on the number of samples.

    Args:
        draw: the sampler; images have been encoded once for all of its samples.
        samples: number K of samples of each image, exactly.
        batch: number of images.
        generator: where the samples come from.
        latents_at_once: samples times images of a chunk; at least one sample of each image.

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
    """What a model gets from its method ``importance_sampler(x)``.

    That encodes ``x`` once and returns a function that draws this many samples z_k ~ q(z|x) and returns their
    log-weights log p(x, z_k) - log q(z_k|x), ``[samples, batch]``, in nats.
    """

    def bound(
        self, x: Float[Tensor, "batch *pixels"], samples: int = 1, generator: torch.Generator | None = None
    ) -> Float[Tensor, " batch"]:
        r"""Estimate of a lower bound on log p(x), in nats: :math:`\log\frac1K\sum_k p(x,z_k)/q(z_k|x)`.

        Burda et al. (2016), eq. 8. With one sample its mean is the ELBO. Many samples are drawn in chunks, and without
        gradients need no more memory than some.

        Raises:
            ValueError: if ``samples`` is below 1.
        """
        return sampled_bound(self.importance_sampler(x), samples, len(x), generator)


def _float32(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _require_samples(samples: int) -> None:
    if samples < 1:
        raise ValueError(f"the bound needs at least one importance sample, not {samples}")
