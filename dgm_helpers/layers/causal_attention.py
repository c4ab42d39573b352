"""Attention of each pixel to the pixels strictly before it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

ROWS = 128  # queries computed together on a CPU: their scores fit into its cache


def causal_attention(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    r"""Attention to strictly earlier positions.

    .. math:: y_i = \sum_{j<i} \mathrm{softmax}_j(q_i^\top k_j/\sqrt d)\, v_j

    The first position has nothing to attend to and gets zeros. No mask over all pairs is built: without the first query
    and the last key, "strictly earlier" is the ordinary causal pattern. A GPU has kernels for that.
    """
    if query.shape[1] < 2:
        return torch.zeros_like(value)
    q, k, v = query[:, 1:], key[:, :-1], value[:, :-1]
    y = _by_kernel(q, k, v) if value.is_cuda else _by_rows(q, k, v)
    return F.pad(y, (0, 0, 1, 0))


def _by_kernel(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    """Attention up to the own position in one fused kernel; it wants equal sizes of key and value, hence the zeros."""
    size = max(query.shape[2], value.shape[2])
    q, k, v = (F.pad(x, (0, size - x.shape[2]))[:, None] for x in (query, key, value))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1 / math.sqrt(query.shape[2]))
    return y[:, 0, :, : value.shape[2]]


def _by_rows(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    """The same a few rows at a time, each with the keys up to it alone.

    Nothing is computed for later keys, and PixelSNAIL's small keys stay small: padded to the size of the values they
    would cost a CPU eight times the scores.
    """
    positions, parts = query.shape[1], []
    query, keys = query / math.sqrt(query.shape[2]), key.transpose(1, 2)
    later = query.new_full((ROWS, ROWS), -math.inf).triu(1)
    for start in range(0, positions, ROWS):
        stop = min(start + ROWS, positions)
        scores = query[:, start:stop] @ keys[:, :, :stop]
        scores[:, :, start:] += later[: stop - start, : stop - start]
        parts.append(scores.softmax(dim=2).to(value.dtype) @ value[:, :stop])
    return torch.cat(parts, dim=1)
