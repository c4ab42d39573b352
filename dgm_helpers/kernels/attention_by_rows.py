"""Attention of each pixel to the pixels strictly before it."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.kernels.linear import product

ROWS = 160  # queries computed together on a CPU: their scores stay in its cache


def attention_by_rows(
    query: Float[Tensor, "batch positions key"],
    key: Float[Tensor, "batch positions key"],
    value: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch positions value"]:
    """The same some rows at a time, in float32 at least."""
    wide = torch.promote_types(value.dtype, torch.float32)
    with torch.autocast(value.device.type, enabled=False):
        return _ByRows.apply(query.to(wide), key.to(wide), value.to(wide))[0].to(value.dtype)


class _ByRows(torch.autograd.Function):
    r"""Attention whose weights are made twice: for the result, and again for the gradients.

    A row's weights are exp(s_j - L) with scores s_j and their log-sum-exp L, which alone is kept. With g the result's
    gradient, a weight's is :math:`g^\top v_j` and a score's :math:`w_j(g^\top v_j - g^\top y)`. PixelSNAIL's keys are
    small, so that scores cost little; nothing is computed for later keys. Powers are of two: faster on a CPU.
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
        if torch.is_grad_enabled():  # somebody will differentiate once more
            return _gradients_at_once(query, key, value, gradient)
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
        # Scores were in units of log 2, and q has the scale in it already.
        return by_query.mul_(1 / math.sqrt(query.shape[2])), by_key.mul_(math.log(2)), by_value


def _blocks(positions: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Queries that are computed together, the keys that the last of them sees, and which of those are later.

    The first query is left out. The last ones of the keys are marked, as many as there are queries.
    """
    later = torch.ones(ROWS, ROWS, dtype=torch.bool).triu_(1)
    for start in range(1, positions, ROWS):
        rows = min(ROWS, positions - start)
        yield slice(start, start + rows), slice(0, start + rows - 1), later[:rows, :rows]


def _scaled(query: Tensor) -> Tensor:
    """The query whose products with keys are scores in units of log 2."""
    return query * (math.log2(math.e) / math.sqrt(query.shape[-1]))


def _without(later: Tensor, scores: Tensor) -> Tensor:
    """Scores with minus infinity where the key is not earlier."""
    scores[..., -later.shape[0] :].masked_fill_(later, -math.inf)
    return scores


def _gradients_at_once(
    query: Tensor, key: Tensor, value: Tensor, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The same gradients as functions that autograd can follow, with all pairs of positions in memory."""
    query, key, value, gradient = query[:, 1:], key[:, :-1], value[:, :-1], gradient[:, 1:]
    scale = 1 / math.sqrt(query.shape[2])
    later = torch.ones(*query.shape[1:2] * 2, dtype=torch.bool, device=query.device).triu_(1)
    weights = torch.softmax(_without(later, scale * query @ key.transpose(1, 2)), dim=2)
    by_weights = gradient @ value.transpose(1, 2)
    mean = (weights * by_weights).sum(dim=2, keepdim=True)
    by_scores = scale * weights * (by_weights - mean)
    first, last = (0, 0, 1, 0), (0, 0, 0, 1)  # a row of zeros there: the first query, the last key and value
    return (
        F.pad(by_scores @ key, first),
        F.pad(by_scores.transpose(1, 2) @ query, last),
        F.pad(weights.transpose(1, 2) @ gradient, last),
    )
