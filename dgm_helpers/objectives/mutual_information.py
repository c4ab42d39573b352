r"""Variational lower bounds on the mutual information of a code and an observation, and the exact value, in nats.

D. Barber and F. Agakov, *The IM algorithm*, NIPS 2003; X. Chen et al., *InfoGAN*, NIPS 2016 (arXiv 1606.03657),
section 5. For any Q(c|x),

.. math:: I(c; x) = H(c) + E_{p(c, x)} \log p(c|x) \ge H(c) + E_{p(c, x)} \log Q(c|x) = L_I

and the gap is :math:`E_x \mathrm{KL}(p(c|x)\,\|\,Q(c|x))`: zero for the posterior. The entropy H(c) is included.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.objectives.distributions import gaussian_log_prob


def info_lower_bound_categorical(
    logits: Float[Tensor, "batch values"],
    category: Int[Tensor, " batch"],
    prior: Float[Tensor, " values"] | None = None,
) -> Float[Tensor, " batch"]:
    r"""Return H(c) + log Q(c|x) for pairs of a code c and an x generated from it; the expectation is :math:`L_I`.

    Args:
        logits: logits of Q(c|x), one per value of the code.
        category: the code c that x was generated from.
        prior: probability of each value of the code (default: uniform, with H(c) = log K).

    Returns:
        One number per pair, in nats, in at least float32. The mean over a batch is an unbiased estimate of :math:`L_I`.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    log_q = logits.log_softmax(dim=-1).gather(-1, category[:, None])[:, 0]
    return log_q + (math.log(logits.shape[-1]) if prior is None else torch.special.entr(prior).sum())


def info_lower_bound_continuous(
    mu: Float[Tensor, "batch codes"],
    log_sigma: Float[Tensor, "batch codes"],
    code: Float[Tensor, "batch codes"],
    width: float = 2.0,
) -> Float[Tensor, " batch"]:
    r"""Return H(c) + log Q(c|x), summed over codes uniform on an interval, with a factorized Gaussian Q.

    .. math:: \sum_j \log w + \log N(c_j \mid \mu_j(x), \sigma_j^2(x))

    Args:
        mu: mean of Q(c|x).
        log_sigma: logarithm of the standard deviation of Q(c|x).
        code: the codes c that x was generated from.
        width: width w of the codes' interval; 2 for U(-1, 1).

    Returns:
        One number per row, in nats, in at least float32. The mean over a batch is an unbiased estimate of :math:`L_I`.

    Raises:
        ValueError: if ``width`` is not positive.
    """
    if width <= 0:
        raise ValueError(f"width must be positive, got {width}")
    dtype = torch.promote_types(mu.dtype, torch.float32)
    log_q = gaussian_log_prob(code.to(dtype), mu.to(dtype), log_sigma.to(dtype))
    return log_q + mu.shape[-1] * math.log(width)


def channel_information(
    prior: Float[Tensor, " codes"], channel: Float[Tensor, "codes outcomes"]
) -> Float[Tensor, ""]:
    r"""Return the exact information of a discrete channel, :math:`\sum_{c,x} p(c)\,p(x|c) \log p(x|c)/p(x)`, in nats.

    Args:
        prior: probability p(c) of each code.
        channel: probabilities p(x|c), one row per code.

    Raises:
        ValueError: if ``prior``, or a row of ``channel``, has a negative entry or does not sum to 1.
    """
    _require_probabilities("prior", prior)
    _require_probabilities("each row of channel", channel)
    outcome_entropy = torch.special.entr(prior @ channel).sum()
    return outcome_entropy - prior @ torch.special.entr(channel).sum(dim=-1)


def channel_posterior(
    prior: Float[Tensor, " codes"], channel: Float[Tensor, "codes outcomes"]
) -> Float[Tensor, "codes outcomes"]:
    """Return p(c|x) of a discrete channel, in column x; NaN for an outcome of probability zero.

    Raises:
        ValueError: if ``prior``, or a row of ``channel``, has a negative entry or does not sum to 1.
    """
    _require_probabilities("prior", prior)
    _require_probabilities("each row of channel", channel)
    return prior[:, None] * channel / (prior @ channel)


def channel_information_bound(
    prior: Float[Tensor, " codes"],
    channel: Float[Tensor, "codes outcomes"],
    q: Float[Tensor, "codes outcomes"],
) -> Float[Tensor, ""]:
    r"""Return :math:`L_I = H(c) + \sum_{c,x} p(c)\,p(x|c) \log Q(c|x)` of a discrete channel and any Q, in nats.

    Args:
        prior: probability p(c) of each code.
        channel: probabilities p(x|c), one row per code.
        q: probabilities Q(c|x), one column per outcome.

    Raises:
        ValueError: if ``prior``, a row of ``channel`` or a column of ``q`` has a negative entry or does not sum to 1.
    """
    _require_probabilities("prior", prior)
    _require_probabilities("each row of channel", channel)
    _require_probabilities("each column of q", q.T)
    return torch.special.entr(prior).sum() + torch.special.xlogy(prior[:, None] * channel, q).sum()


def _require_probabilities(name: str, p: Tensor) -> None:
    if not (p >= 0).all() or not torch.allclose(p.sum(dim=-1), torch.ones_like(p[..., 0])):
        raise ValueError(f"{name} must be probabilities: at least 0, with sum 1")
