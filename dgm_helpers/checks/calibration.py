r"""Is a z-score what it claims to be? A statistical check of the standard error that a student divides by.

Over R independent repetitions, scores :math:`z_r` that are standard normal have

.. math:: \frac{1}{\sqrt R}\sum_r z_r \sim N(0, 1), \qquad \sum_r z_r^2 \sim \chi^2_R,

and both are tested. A standard error that is wrong by a factor f makes the second sum :math:`1/f^2` times as
large. With R = 100, a factor of 1.9 either way is found with probability above 0.999.
"""

from collections.abc import Mapping

from scipy import stats

from dgm_helpers.checks.failure import fail, passed
from dgm_helpers.checks.statistical import FALSE_ALARM_RATE, FEWEST_REPETITIONS
from dgm_helpers.checks.values import as_tensor

# A score with an estimated standard error follows Student's t, whose tails are a little longer than the normal's:
# with 50 or more degrees of freedom a nominal tenth of the rate keeps the true one below the stated rate.
TAIL_ALLOWANCE = 0.1


def calibrated(
    name: str,
    scores: object,
    *,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    mistakes: Mapping[str, float] | None = None,
) -> None:
    """Check that independent z-scores have mean 0 and mean square 1.

    Args:
        name: what the scores belong to.
        scores: one z-score a repetition, shape ``[R]``, R at least 30; of 50 or more degrees of freedom each.
        false_alarm_rate: probability of rejecting correct scores, both tests together.
        mistakes: hint -> the mean square that a typical mistake gives; shown where the scores agree with it.

    Raises:
        CheckFailed: if the scores are no finite numbers of that shape, or not standard normal.
    """
    values = as_tensor(name, scores)
    if values.ndim != 1 or len(values) < FEWEST_REPETITIONS:
        raise ValueError(f"calibrated needs a row of at least {FEWEST_REPETITIONS} z-scores")
    rate = false_alarm_rate * TAIL_ALLOWANCE / 2
    count, mean, square = len(values), float(values.mean()), float((values**2).mean())
    allowed = float(stats.norm.isf(rate / 2)) / count**0.5
    low, high = (float(bound) / count for bound in stats.chi2.interval(1 - rate, count))
    if not low <= square <= high:
        problem = "the standard error is too large" if square < low else "the standard error is too small"
        fail(name, problem, [
            f"the mean square of {count} z-scores is {square:.3g}",
            f"it should be near 1: chance allows {low:.3g} to {high:.3g}",
        ], _recognise(square, mistakes, low, high))  # fmt: skip
    if abs(mean) > allowed:
        fail(name, "the z-scores are not centred on zero", [
            f"the mean of {count} z-scores is {mean:.3g}",
            f"it should be near 0: chance allows {allowed:.3g} either way",
        ], "a z-score keeps its sign, and compares two numbers that agree on average.")  # fmt: skip
    passed(name, f"{count} z-scores have mean 0 and mean square 1")


def _recognise(square: float, mistakes: Mapping[str, float] | None, low: float, high: float) -> str | None:
    for hint, factor in (mistakes or {}).items():
        if low * factor <= square <= high * factor:
            return f"looks like {hint}"
    return None
