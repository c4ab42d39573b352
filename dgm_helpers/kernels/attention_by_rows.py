"""Attention of each position to the positions strictly before it, a few rows at a time, for a CPU."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.kernels import plain
from dgm_helpers.kernels.linear import product

ROWS = 160  # queries computed together: their scores stay in the processor's cache


def attention_by_rows(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    """Return :func:`plain_attention` in at least float32, even under autocast, without a mask or all pairs in memory.

    There must be at least two positions.
    """
    wide = torch.promote_types(value.dtype, torch.float32)
    with torch.autocast(value.device.type, enabled=False):
        inputs = query.to(wide), key.to(wide), value.to(wide)
        y = plain_attention(*inputs) if plain() else _ByRows.apply(*inputs)[0]
    return y.to(value.dtype)


def plain_attention(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    r"""Return :math:`y_i = \sum_{j<i} \mathrm{softmax}_j(q_i^\top k_j/\sqrt d)\, v_j`, with zeros for the first y."""
    query, key, value = (
        query[:, 1:],
        key[:, :-1],
        value[:, :-1],
    )  # the first query sees nothing, no query the last key
    later = torch.ones(*query.shape[1:2] * 2, dtype=torch.bool, device=query.device).triu(1)
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[2])
    return F.pad(scores.masked_fill(later, -math.inf).softmax(dim=2) @ value, (0, 0, 1, 0))


class _ByRows(torch.autograd.Function):
    r"""Attention whose weights are computed twice: for the result, and again for the gradients.

    A row's weights are exp(s_j - L) with scores s_j and their log-sum-exp L; only L is kept. With g the result's
    gradient, a weight's gradient is :math:`g^\top v_j` and a score's is :math:`w_j(g^\top v_j - g^\top y)`.
    PixelSNAIL's keys are small, so scores are cheap; nothing is computed for later keys. Powers are of two, which is
    faster on a CPU.
    """

    @staticmethod
    def forward(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        y, normalizer = torch.zeros_like(value), torch.zeros_like(query[..., :1])
        scaled, blocks = _scaled(query), list(_blocks(query.shape[1]))
        for image in range(len(query)):  # one at a time: a batch of products of slices is slower
            q, k, v = scaled[image], key[image], value[image]
            for rows, earlier, later in blocks:
                scores = _without(later, torch.mm(q[rows], k[earlier].T))
                largest = scores.amax(dim=1, keepdim=True)
                weights = scores.sub_(largest).exp2_()
                total = weights.sum(dim=1, keepdim=True)
                y[image, rows] = product(weights, v[earlier].T).div_(total)
                normalizer[image, rows] = total.log2_().add_(largest)
        return y, normalizer

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*inputs, *output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value, y, normalizer = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative may follow
            _, pull_back = torch.func.vjp(plain_attention, query, key, value)
            return pull_back(gradient)
        by_query, by_key, by_value = (torch.zeros_like(tensor) for tensor in (query, key, value))
        scaled, blocks = _scaled(query), list(_blocks(query.shape[1]))
        for image in range(len(query)):
            q, k, v, g = scaled[image], key[image], value[image], gradient[image]
            by_k, by_v = by_key[image], by_value[image]
            for rows, earlier, later in blocks:
                scores = torch.addmm(normalizer[image, rows], q[rows], k[earlier].T, beta=-1)
                weights = _without(later, scores).exp2_()
                by_v[earlier] += product(weights.T, g[rows].T)
                mean = (g[rows] * y[image, rows]).sum(dim=1, keepdim=True)
                by_scores = product(g[rows], v[earlier]).sub_(mean).mul_(weights)
                torch.mm(by_scores, k[earlier], out=by_query[image, rows])
                by_k[earlier].addmm_(by_scores.T, q[rows])
        # Scores were in units of log 2, and q already includes the scale.
        return by_query.mul_(1 / math.sqrt(query.shape[2])), by_key.mul_(math.log(2)), by_value


def _blocks(positions: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield the queries of each block, the keys that its last query sees, and a mask of keys that are later.

    The first query is omitted. The mask covers the last keys, as many as there are queries in the block.
    """
    later = torch.ones(ROWS, ROWS, dtype=torch.bool).triu_(1)
    for start in range(1, positions, ROWS):
        rows = min(ROWS, positions - start)
        yield slice(start, start + rows), slice(0, start + rows - 1), later[:rows, :rows]


def _scaled(query: Tensor) -> Tensor:
    """Return the query whose products with keys are scores in units of log 2."""
    return query * (math.log2(math.e) / math.sqrt(query.shape[-1]))


def _without(later: Tensor, scores: Tensor) -> Tensor:
    """Write minus infinity into the scores where the key is not earlier, and return them."""
    scores[..., -later.shape[0] :].masked_fill_(later, -math.inf)
    return scores
