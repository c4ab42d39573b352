"""Meaning of unsupervised codes: categorical ones compared with classes, continuous ones with factors."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from dgm_helpers.data.heads import Heads
from dgm_helpers.runtime import DEFAULT_SEED, generator


def best_matching(
    categories: Int[Tensor, " n"], labels: Int[Tensor, " n"], values: int
) -> Int[Tensor, "{values}"]:
    """Return the class that each value of a code stands for: the one-to-one matching with which most data points agree.

    Chen et al. (2016), section 7.2, match categories and digits after training, and count the rest as errors.

    Args:
        categories: the code's value for each data point.
        labels: the class of each data point.
        values: number of the code's values, and of classes.
    """
    counts = torch.zeros(values, values, dtype=torch.long)
    counts.index_put_(
        (categories.cpu(), labels.cpu()), torch.ones(len(labels), dtype=torch.long), accumulate=True
    )
    _, classes = linear_sum_assignment(-counts.numpy())
    return torch.from_numpy(classes).to(categories.device)


def rank_correlations(
    codes: Float[Tensor, "n codes"], factors: Float[Tensor, "n factors"]
) -> Float[Tensor, "codes factors"]:
    """Return Spearman's correlation of each code with each factor; NaN where one of them does not vary."""
    ranks = [torch.stack([_ranks(column) for column in table.double().T]) for table in (codes, factors)]
    standard = [(r - r.mean(dim=1, keepdim=True)) / r.std(dim=1, correction=0, keepdim=True) for r in ranks]
    return (standard[0] @ standard[1].T / len(codes)).to(codes.dtype)


def head_correlations(
    codes_of: Callable[[Tensor], Tensor], n: int = 500, seed: int = DEFAULT_SEED
) -> Float[Tensor, "codes 4"]:
    """Return rank correlations of the codes of newly rendered heads with the factors they were rendered from.

    Args:
        codes_of: function from images ``[n, 1, 32, 32]`` to codes ``[n, codes]``, such as the means of an InfoGAN's Q.
        n: number of heads; each has its own azimuth, elevation, lighting and width (the columns of the result).
        seed: seed for the values of the factors.
    """
    heads = Heads(size=32)
    values = heads.factors.sample(n, generator(seed))
    return rank_correlations(codes_of(heads.render(values)), values.to(torch.float32))


def _ranks(x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return ranks from 0; equal values share the mean of their ranks."""
    _, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    return (last - (counts + 1) / 2)[inverse]


def assigned(correlations: Float[Tensor, "codes factors"]) -> Sequence[tuple[int, int, float]]:
    """Return one-to-one pairs (code, factor, correlation) with the largest sum of absolute correlations."""
    rows, columns = linear_sum_assignment(-correlations.abs().cpu().numpy())
    return [(int(r), int(c), float(correlations[r, c])) for r, c in zip(rows, columns, strict=True)]
