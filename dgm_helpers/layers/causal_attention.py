"""Attention of each pixel to the pixels strictly before it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.kernels.attention_by_rows import attention_by_rows


def causal_attention(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    r"""Return the attention of each position to strictly earlier positions.

    .. math:: y_i = \sum_{j<i} \mathrm{softmax}_j(q_i^\top k_j/\sqrt d)\, v_j

    The first position has nothing to attend to and gets zeros. Neither a mask nor all pairs of positions are kept in
    memory: a CPU computes a few rows at a time, and a GPU uses torch's attention. Scores and sums are in at least
    float32, even under autocast.
    """
    if query.shape[1] < 2:
        return torch.zeros_like(value)
    return _by_torch(query, key, value) if value.is_cuda else attention_by_rows(query, key, value)


def _by_torch(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    """Return torch's causal attention without the first query and the last key, which makes it strict.

    Its fused form requires equal sizes of key and value, hence the zeros.
    """
    size = max(query.shape[2], value.shape[2])
    earlier = (query[:, 1:], key[:, :-1], value[:, :-1])
    q, k, v = (F.pad(x, (0, size - x.shape[2]))[:, None] for x in earlier)
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1 / math.sqrt(query.shape[2]))
    return F.pad(y[:, 0, :, : value.shape[2]], (0, 0, 1, 0))
