"""Attention of each pixel to the pixels strictly before it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def causal_attention(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    r"""Attention to strictly earlier positions.

    .. math:: y_i = \sum_{j<i} \mathrm{softmax}_j(q_i^\top k_j/\sqrt d)\, v_j

    The first position has nothing to attend to and gets zeros. No mask is built: without the first query and the last
    key, "strictly earlier" is the ordinary causal pattern, for which there are fast kernels. Those want equal sizes
    of key and value, hence the zeros.
    """
    size = max(query.shape[2], value.shape[2])
    q, k, v = (F.pad(x, (0, size - x.shape[2]))[:, None] for x in (query[:, 1:], key[:, :-1], value[:, :-1]))
    if q.shape[2] == 0:
        return torch.zeros_like(value)
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1 / math.sqrt(query.shape[2]))
    return F.pad(y[:, 0, :, : value.shape[2]], (0, 0, 1, 0))
