r"""A test of draws of finitely many outcomes: exact probabilities, random counts, and independence.

Pearson's statistic of n independent draws with counts :math:`c_k`,

.. math:: X^2 = \sum_k \frac{(c_k - n p_k)^2}{n p_k},

has approximately the chi-square distribution with one degree of freedom less than the number of outcomes, if each is
expected often enough. Outcomes expected less than ``FEWEST_EXPECTED`` times are counted together.

Draws that come in batches, shape ``[R, n]``, must also vary and be independent. The sum of :math:`X^2` over the batches
is tested from both sides, by the gamma distribution with its exact mean and variance. Counts that are the same in every
batch, as those of a shuffled list, vary too little; draws shared within a batch make them vary too much. The products
of scores of two draws (:mod:`~dgm_helpers.checks.dependence`) show draws that repeat each other. With 200 batches of 6
draws of 3 outcomes, balanced counts, a batch that repeats the one before, two equal columns, and a draw shared by its
batch are each found with probability above 0.999.
"""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from dgm_helpers.checks.dependence import dependence
from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.moments import FALSE_ALARM_RATE
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor

FEWEST_EXPECTED = 10
# Far out the statistic's tail is longer than chi-square's. A nominal hundredth of the rate keeps the true one below it.
TAIL_ALLOWANCE = 0.01
FEWEST_BATCHES = 100
LEAST_VARIANCE = 0.02  # of a score: rarer outcomes have products far from normal


def frequencies(
    name: str,
    outcomes: object,
    probabilities: Float[Tensor, " outcomes"],
    *,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    mistakes: Mapping[str, Float[Tensor, " outcomes"]] | None = None,
) -> None:
    """Check that independent draws have the given distribution (Pearson's chi-square test).

    Args:
        name: the name of the drawn quantity.
        outcomes: the number 0, …, K - 1 of each draw's outcome, shape ``[n]``; or ``[R, n]`` for n draws in each of R
            batches, R at least 100.
        probabilities: exact probabilities of the K outcomes; they sum to one.
        false_alarm_rate: probability of rejecting a correct sampler, all tests together.
        mistakes: hint -> the distribution that a typical mistake draws from; shown if the draws agree with it.

    Raises:
        CheckFailed: if the outcomes are not whole numbers from 0 to K - 1, or the draws have a different distribution;
            with batches, also if their counts vary too little or too much, or draws depend on each other.
        ValueError: if there are too few draws or batches.
    """
    drawn, exact = as_tensor(name, outcomes), probabilities.double()
    if drawn.ndim not in (1, 2) or bool(
        (drawn != drawn.round()).any() | (drawn < 0).any() | (drawn >= len(exact)).any()
    ):
        fail(name, f"the outcomes must be whole numbers from 0 to {len(exact) - 1}, one for each draw")
    batches = drawn.ndim == 2
    _require_frequencies(
        name, drawn.flatten(), exact, false_alarm_rate / 2 if batches else false_alarm_rate, mistakes or {}
    )
    if batches:
        if len(drawn) < FEWEST_BATCHES:
            raise ValueError(
                f"{name}: outcomes must have at least {FEWEST_BATCHES} batches, got {len(drawn)}"
            )
        _require_random_counts(name, drawn.long(), exact, false_alarm_rate / 4)
        strongest = dependence(_scores(drawn.long(), exact), false_alarm_rate / 4)
        if strongest:
            places = (
                f"draws {strongest.coordinates[0]} and {strongest.coordinates[1]}"
                if strongest.coordinates
                else "draws"
            )
            where = strongest.rows.replace("rows", "batches").replace("row", "batch")
            size = strongest.z / strongest.pairs**0.5
            detail = f"{places} {where}: correlation {size:.2f} of {strongest.pairs} pairs"
            fail(name, "its draws depend on each other", [detail], "make a new draw for every entry.")
    also = ", and are independent" if batches else ""
    passed(name, f"{drawn.numel()} draws have the exact distribution over {len(exact)} outcomes{also}")


def _require_frequencies(
    name: str,
    drawn: Tensor,
    exact: Tensor,
    false_alarm_rate: float,
    mistakes: Mapping[str, Float[Tensor, " outcomes"]],
) -> None:
    """Fail if all draws together have a different distribution."""
    counts = torch.bincount(drawn.long(), minlength=len(exact)).double()
    statistic, degrees = pearson(counts, exact)
    if degrees == 0:
        raise ValueError(
            f"{len(drawn)} draws are too few: at least two outcomes must be expected 10 times each"
        )
    critical = critical_value(degrees, false_alarm_rate)
    if statistic <= critical:
        return
    expected = len(drawn) * exact
    worst = int(((counts - expected) / expected.clamp_min(1).sqrt()).abs().argmax())
    details = [
        f"outcome {worst}: expected {expected[worst]:.0f} of {len(drawn)} draws, got {counts[worst]:.0f}",
        f"chi-square {statistic:.0f} with {degrees} degrees of freedom; chance allows {critical:.0f}",
    ]
    fail(
        name, "not drawn from the right distribution", details, _recognize(counts, mistakes, false_alarm_rate)
    )


def _require_random_counts(name: str, drawn: Tensor, exact: Tensor, false_alarm_rate: float) -> None:
    """Fail if the counts of the batches ``[R, n]`` vary too little or too much from batch to batch."""
    batches, n = drawn.shape
    possible = exact[exact > 0]
    degrees = len(possible) - 1
    variance = 2 * degrees + float((1 / possible).sum() - len(possible) ** 2 - 2 * len(possible) + 2) / n
    if variance < 1e-9:
        return  # a single draw of equally probable outcomes: the statistic is always the same
    counts = torch.nn.functional.one_hot(drawn, len(exact)).sum(dim=1)[:, exact > 0]
    total = float(((counts - n * possible) ** 2 / (n * possible)).sum())
    mean, scale = batches * degrees, variance / (2 * degrees)
    tail = TAIL_ALLOWANCE * false_alarm_rate / 2
    low, high = (scale * float(stats.chi2.ppf(q, mean / scale)) for q in (tail, 1 - tail))
    if not low <= total <= high:
        little = total < low
        fail(
            name,
            f"its counts vary too {'little' if little else 'much'} from batch to batch",
            [f"their variance is {total / mean:.2g} times the right one",
             f"chance allows {low / mean:.2g} to {high / mean:.2g} times"],
            "draw each outcome independently: shuffled or balanced counts are not random." if little
            else "make a new draw for every entry.",
        )  # fmt: skip


def _scores(drawn: Tensor, exact: Tensor) -> Tensor:
    """Return scores ``[G, R, n]`` of mean 0 and variance 1: the mid-rank, and each of the two commonest outcomes."""
    rank = exact.cumsum(0) - exact / 2
    tables = [rank, *(torch.eye(len(exact), dtype=torch.float64)[k] for k in exact.topk(2).indices.tolist())]
    scores = []
    for table in tables:
        mean = (exact * table).sum()
        variance = (exact * (table - mean) ** 2).sum()
        if variance > LEAST_VARIANCE * float(table.max()) ** 2:
            scores.append((table[drawn] - mean) / variance.sqrt())
    return torch.stack(scores)


def critical_value(degrees: int, false_alarm_rate: float) -> float:
    """Return the value that a correct sampler's statistic exceeds less often than ``false_alarm_rate``."""
    return float(stats.chi2.isf(false_alarm_rate * TAIL_ALLOWANCE, degrees))


def pearson(
    counts: Float[Tensor, " outcomes"], probabilities: Float[Tensor, " outcomes"]
) -> tuple[float, int]:
    """Return Pearson's statistic, rare outcomes counted together, and its degrees of freedom: 0 if it shows nothing."""
    if counts[probabilities == 0].any():
        return math.inf, 1
    expected = counts.sum() * probabilities
    rare = expected < FEWEST_EXPECTED
    pairs = sorted(zip(expected[~rare].tolist(), counts[~rare].tolist(), strict=True))
    rest = (float(expected[rare].sum()), float(counts[rare].sum()))
    if rest[0] >= FEWEST_EXPECTED:
        pairs.append(rest)
    elif pairs:  # too rare even together: counted with the least frequent of the others
        pairs[0] = (pairs[0][0] + rest[0], pairs[0][1] + rest[1])
    return sum((count - mean) ** 2 / mean for mean, count in pairs), max(len(pairs) - 1, 0)


def _recognize(
    counts: Float[Tensor, " outcomes"], mistakes: Mapping[str, Float[Tensor, " outcomes"]], rate: float
) -> str | None:
    for hint, distribution in mistakes.items():
        statistic, degrees = pearson(counts, distribution.double())
        if statistic <= critical_value(max(degrees, 1), rate):
            return f"looks like {hint}"
    return None
