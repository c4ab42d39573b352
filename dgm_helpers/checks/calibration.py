r"""A statistical check of z-scores, and so of the standard error that a student divides by.

Over R independent repetitions, scores :math:`z_r` that are standard normal have

.. math:: \frac{1}{\sqrt R}\sum_r z_r \sim N(0, 1), \qquad \sum_r z_r^2 \sim \chi^2_R,

and both are tested. A standard error that is wrong by a factor f makes the second sum :math:`1/f^2` times as large. It
is found with probability above 0.999 if it is too large by a factor of f, or too small by g, and these are at least

===========  ====  ====  =====  =====
repetitions    60   200  1,000  4,000
f             2.6   1.65  1.23   1.11
g             2.2   1.55  1.23   1.11
===========  ====  ====  =====  =====

and 700 repetitions find a factor of 1.3. If the exact standard error of the data is known, compare with it by
:func:`~dgm_helpers.checks.exact.equal`: that finds every factor.
"""

from collections.abc import Mapping

from scipy import stats

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.moments import FALSE_ALARM_RATE, FEWEST_REPETITIONS
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor

# A score with an estimated standard error has Student's t or something close to it, with tails a little longer than
# the normal's. With at least 100 degrees of freedom, a nominal hundredth of the rate keeps the true one below it.
TAIL_ALLOWANCE = 0.01


def calibrated(
    name: str,
    scores: object,
    *,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    mistakes: Mapping[str, float] | None = None,
) -> None:
    """Check that independent z-scores have mean 0 and mean square 1.

    Args:
        name: the scores' name.
        scores: one z-score per repetition, shape ``[R]``, R at least 30; each must have at least 100 degrees of
            freedom, and at least the square root of 2R, because Student's t has a mean square above 1.
        false_alarm_rate: probability of rejecting correct scores, both tests together.
        mistakes: hint -> the mean square that a typical mistake gives; shown if the scores agree with it.

    Raises:
        CheckFailed: if the scores are not finite numbers of that shape, or are not standard normal.
    """
    values = as_tensor(name, scores)
    if values.ndim != 1 or len(values) < FEWEST_REPETITIONS:
        raise ValueError(
            f"scores must be a row of at least {FEWEST_REPETITIONS} z-scores, got shape {tuple(values.shape)}"
        )
    count, mean, square = len(values), float(values.mean()), float((values**2).mean())
    low, high, allowed = thresholds(count, false_alarm_rate)
    if not low <= square <= high:
        problem = "the standard error is too large" if square < low else "the standard error is too small"
        fail(name, problem, [
            f"the mean square of {count} z-scores is {square:.3g}",
            f"it must be near 1: chance allows {low:.3g} to {high:.3g}",
        ], _recognize(square, mistakes, low, high))  # fmt: skip
    if abs(mean) > allowed:
        fail(name, "the z-scores are not centered on zero", [
            f"the mean of {count} z-scores is {mean:.3g}",
            f"it must be near 0: chance allows {allowed:.3g} either way",
        ], "a z-score keeps its sign, and compares two numbers that agree on average.")  # fmt: skip
    passed(name, f"{count} z-scores have mean 0 and mean square 1")


def thresholds(count: int, false_alarm_rate: float) -> tuple[float, float, float]:
    """Return the least and the largest mean square of ``count`` scores, and the largest size of their mean."""
    tail = false_alarm_rate * TAIL_ALLOWANCE / 4  # two tests of two tails each
    low, high = float(stats.chi2.ppf(tail, count)), float(stats.chi2.isf(tail, count))
    return low / count, high / count, float(stats.norm.isf(tail)) / count**0.5


def _recognize(square: float, mistakes: Mapping[str, float] | None, low: float, high: float) -> str | None:
    for hint, factor in (mistakes or {}).items():
        if low * factor <= square <= high * factor:
            return f"looks like {hint}"
    return None
