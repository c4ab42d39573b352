r"""How often each outcome was drawn, against its exact probability.

Pearson's statistic of n independent draws with counts :math:`c_k`,

.. math:: X^2 = \sum_k \frac{(c_k - n p_k)^2}{n p_k},

has approximately the chi-square distribution with one degree of freedom less than there are outcomes, if each is
expected often enough: those expected less than ``FEWEST_EXPECTED`` times are counted together.
"""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from dgm_helpers.checks.failure import fail, passed
from dgm_helpers.checks.moments import FALSE_ALARM_RATE
from dgm_helpers.checks.values import as_tensor

FEWEST_EXPECTED = 10
# Far out the statistic's tail is longer than chi-square's. A nominal hundredth of the rate keeps the true one below it.
TAIL_ALLOWANCE = 0.01


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
        name: what is drawn.
        outcomes: the number 0, …, K - 1 of each draw's outcome, shape ``[n]``.
        probabilities: exact, of the K outcomes; they sum to one.
        false_alarm_rate: probability of rejecting a correct sampler.
        mistakes: hint -> the distribution that a typical mistake draws from; shown where the draws agree with it.

    Raises:
        CheckFailed: if the outcomes are no whole numbers below K, or the draws have another distribution.
        ValueError: if the draws are too few to tell anything.
    """
    drawn, exact = as_tensor(name, outcomes), probabilities.double()
    if drawn.ndim != 1 or bool(
        (drawn != drawn.round()).any() | (drawn < 0).any() | (drawn >= len(exact)).any()
    ):
        fail(name, f"the outcomes must be numbers from 0 to {len(exact) - 1}, one for each draw")
    counts = torch.bincount(drawn.long(), minlength=len(exact)).double()
    statistic, degrees = pearson(counts, exact)
    if degrees == 0:
        raise ValueError(
            f"{len(drawn)} draws are too few: at least two outcomes must be expected 10 times each"
        )
    critical = critical_value(degrees, false_alarm_rate)
    if statistic <= critical:
        passed(name, f"{len(drawn)} draws have the exact distribution over {len(exact)} outcomes")
        return
    expected = len(drawn) * exact
    worst = int(((counts - expected) / expected.clamp_min(1).sqrt()).abs().argmax())
    details = [
        f"outcome {worst}: expected {expected[worst]:.0f} of {len(drawn)} draws, got {counts[worst]:.0f}",
        f"chi-square {statistic:.0f} with {degrees} degrees of freedom; chance allows {critical:.0f}",
    ]
    fail(
        name, "drawn from another distribution", details, _recognise(counts, mistakes or {}, false_alarm_rate)
    )


def critical_value(degrees: int, false_alarm_rate: float) -> float:
    """What the statistic of a correct sampler exceeds less often than this."""
    return float(stats.chi2.isf(false_alarm_rate * TAIL_ALLOWANCE, degrees))


def pearson(
    counts: Float[Tensor, " outcomes"], probabilities: Float[Tensor, " outcomes"]
) -> tuple[float, int]:
    """Pearson's statistic, rare outcomes counted together, and its degrees of freedom: 0 if it tells nothing."""
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


def _recognise(
    counts: Float[Tensor, " outcomes"], mistakes: Mapping[str, Float[Tensor, " outcomes"]], rate: float
) -> str | None:
    for hint, distribution in mistakes.items():
        statistic, degrees = pearson(counts, distribution.double())
        if degrees == 0 or statistic <= critical_value(degrees, rate):
            return f"looks like {hint}"
    return None
