r"""Variational lower bounds on the mutual information of a code and an observation, and its exact value, in nats.

D. Barber and F. Agakov, *The IM algorithm*, NIPS 2003; X. Chen et al., *InfoGAN*, NIPS 2016 (arXiv 1606.03657),
section 5. For any Q(c|x),

.. math:: I(c; x) = H(c) + E_{p(c, x)} \log p(c|x) \ge H(c) + E_{p(c, x)} \log Q(c|x) = L_I

and the gap is :math:`E_x \mathrm{KL}(p(c|x)\,\|\,Q(c|x))`: none at the posterior. The entropy H(c) is included.
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
    r"""H(c) + log Q(c|x) of each pair of a code and what was generated from it: the mean is :math:`L_I`.

    Args:
        logits: of Q(c|x), one a value of the code.
        category: the code c that x was generated from.
        prior: probability of each value; uniform, with H(c) = log K, unless given.

    Returns:
        In nats, float32 or better. The mean over a batch estimates :math:`L_I` without bias.
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
    r"""H(c) + log Q(c|x) for codes that are uniform on an interval, with a factored Gaussian Q; summed over the codes.

    .. math:: \sum_j \log w + \log N(c_j \mid \mu_j(x), \sigma_j^2(x))

    Args:
        mu: mean of Q(c|x).
        log_sigma: logarithm of its standard deviation.
        code: the codes c that x was generated from.
        width: w of their interval; 2 for U(-1, 1).

    Returns:
        In nats, float32 or better. The mean over a batch estimates :math:`L_I` without bias.

    Raises:
        ValueError: if the width is not positive.
    """
    if width <= 0:
        raise ValueError(f"codes are uniform on an interval of positive width, not {width}")
    dtype = torch.promote_types(mu.dtype, torch.float32)
    log_q = gaussian_log_prob(code.to(dtype), mu.to(dtype), log_sigma.to(dtype))
    return log_q + mu.shape[-1] * math.log(width)


def channel_information(
    prior: Float[Tensor, " codes"], channel: Float[Tensor, "codes outcomes"]
) -> Float[Tensor, ""]:
    r"""Exact mutual information of a discrete channel, :math:`\sum_{c,x} p(c)\,p(x|c) \log p(x|c)/p(x)`, in nats.

    Args:
        prior: p(c).
        channel: p(x|c), a row for each code.

    Raises:
        ValueError: if these are no probabilities.
    """
    _require_probabilities("the prior", prior)
    _require_probabilities("each row of the channel", channel)
    outcome_entropy = torch.special.entr(prior @ channel).sum()
    return outcome_entropy - prior @ torch.special.entr(channel).sum(dim=-1)


def channel_posterior(
    prior: Float[Tensor, " codes"], channel: Float[Tensor, "codes outcomes"]
) -> Float[Tensor, "codes outcomes"]:
    """p(c|x) of a discrete channel, in column x; NaN for an outcome that never happens.

    Raises:
        ValueError: if these are no probabilities.
    """
    _require_probabilities("the prior", prior)
    _require_probabilities("each row of the channel", channel)
    return prior[:, None] * channel / (prior @ channel)


def channel_information_bound(
    prior: Float[Tensor, " codes"],
    channel: Float[Tensor, "codes outcomes"],
    q: Float[Tensor, "codes outcomes"],
) -> Float[Tensor, ""]:
    r"""Exact :math:`L_I = H(c) + \sum_{c,x} p(c)\,p(x|c) \log Q(c|x)` of a discrete channel and any Q, in nats.

    Args:
        prior: p(c).
        channel: p(x|c), a row for each code.
        q: Q(c|x), in column x.

    Raises:
        ValueError: if these are no probabilities.
    """
    _require_probabilities("the prior", prior)
    _require_probabilities("each row of the channel", channel)
    _require_probabilities("each column of Q", q.T)
    return torch.special.entr(prior).sum() + torch.special.xlogy(prior[:, None] * channel, q).sum()


def _require_probabilities(name: str, p: Tensor) -> None:
    if not (p >= 0).all() or not torch.allclose(p.sum(dim=-1), torch.ones_like(p[..., 0])):
        raise ValueError(f"{name} must hold probabilities: none negative, their sum 1")
