r"""A test of independence between the entries of a sample: of rows, of coordinates, and at a distance.

Each score g of an entry has mean 0 and variance 1 if the entry has its exact distribution. If two entries x and y
are independent, the products g(x) g(y) of N pairs have mean 0 and variance 1, and

.. math:: z = \frac{1}{\sqrt N} \sum_{n=1}^N g(x_n)\, g(y_n)

is approximately standard normal. If y equals x or -x, then z is about :math:`\pm\sqrt N`. The pairs are all pairs of
coordinates, in the same row, in adjacent rows, half of the rows apart, and in rows mirrored at the middle.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from scipy import stats
from torch import Tensor

MOST_COORDINATES = 1024  # all pairs of them are compared
# A product's tails are a little longer than the normal's. A tenth of the rate keeps the true one below it.
TAIL_ALLOWANCE = 0.1
SAME_ROW = "in the same row"
ROWS = {
    SAME_ROW: (lambda count: slice(None), lambda count: slice(None)),
    "in adjacent rows": (lambda count: slice(None, -1), lambda count: slice(1, None)),
    "half of the rows apart": (
        lambda count: slice(None, count // 2),
        lambda count: slice(count // 2, 2 * (count // 2)),
    ),
    "in rows mirrored at the middle": (
        lambda count: slice(None, count // 2),
        lambda count: torch.arange(count - 1, count - 1 - count // 2, -1),
    ),
}


class Dependence(NamedTuple):
    """A significant dependence between entries.

    Attributes:
        z: the statistic.
        pairs: number of pairs of entries compared; z is about its square root if the entries of each pair are equal.
        rows: distance of the rows of a pair, such as "in adjacent rows".
        coordinates: numbers of the two coordinates, or ``None`` if each coordinate is paired with itself.
    """

    z: float
    pairs: int
    rows: str
    coordinates: tuple[int, int] | None


def dependence(scores: Tensor, false_alarm_rate: float) -> Dependence | None:
    """Return the strongest dependence between entries, or ``None`` if chance allows every statistic.

    Args:
        scores: shape ``[G, R, D]``: G scores of R rows of D coordinates, each of mean 0 and variance 1.
        false_alarm_rate: probability of finding a dependence among independent entries, all tests together.
    """
    statistics = list(_statistics(scores))
    tests = sum(number for number, _ in statistics)
    critical = float(stats.norm.isf(TAIL_ALLOWANCE * false_alarm_rate / (2 * max(tests, 1))))
    strongest = max((result for _, result in statistics), key=lambda result: abs(result.z))
    return strongest if abs(strongest.z) > critical else None


def _statistics(scores: Tensor) -> Iterator[tuple[int, Dependence]]:
    """Yield, for each distance of rows, the number of tests and the strongest dependence."""
    groups, count, coordinates = scores.shape
    for rows, (first, second) in ROWS.items():
        left, right = scores[:, first(count)], scores[:, second(count)]
        pairs = left.shape[1]
        z = left.transpose(1, 2) @ right / pairs**0.5
        if rows == SAME_ROW:
            z = z.triu(diagonal=1)
        else:
            pooled = z.diagonal(dim1=1, dim2=2).sum(dim=1) / coordinates**0.5
            best = pooled[pooled.abs().argmax()]
            yield groups, Dependence(float(best), pairs * coordinates, rows, None)
        place = int(z.abs().argmax())
        i, j = divmod(place % coordinates**2, coordinates)
        yield z.numel(), Dependence(float(z.flatten()[place]), pairs, rows, (i, j))
