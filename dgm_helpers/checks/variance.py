r"""Statistical checks of an estimator's variance: equal to the exact one, or smaller than another estimator's.

The statistic is the log of a variance over R independent repetitions, divided by its standard error from the
jackknife and compared with Student's t with R - 1 degrees of freedom.

:func:`variance_equals` also uses the kurtosis that its caller states for a right answer, because outliers in a sample,
or their absence, mislead the jackknife. A variance is rejected as too small only if it is also too small under the
chi-square distribution matched to that kurtosis. For a variance that is too large, the standard error is kept between
one and two times the one that follows from that kurtosis, so that heavy tails do not blunt the test. At kurtosis 4,
a factor f between the variances is found with probability above 0.999, for one entry of normal repetitions, if f or
1/f is at least

=============  ====  ====  ====  ====  =====  =====
repetitions      60   100   200   400  1,000  4,000
f               9.5   4.8   2.9   2.1    1.6   1.25
=============  ====  ====  ====  ====  =====  =====

so that 200 repetitions show that ``n_samples`` is ignored (factor 4 for 3 and 12), and 500 that it is halved. A hundred
entries need 20% more repetitions.
"""

import math
from collections.abc import Mapping

from scipy import stats
from torch import Tensor

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.moments import (
    FALSE_ALARM_RATE,
    critical_t,
    log_variance_ratio,
    log_variances,
    repetitions,
    total_variance,
)
from dgm_helpers.checks.patterns import note_unmatchable, place, worst
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor

LARGEST_KURTOSIS = 4.0
MOST_ERROR = 2.0  # in standard errors of repetitions with that kurtosis
# The jackknife's tails are longer than Student's. A nominal tenth of the rate keeps the true one below it.
TAIL_ALLOWANCE = 0.1


def variance_equals(
    name: str,
    samples: object,
    expected_variance: object,
    *,
    kurtosis: float = LARGEST_KURTOSIS,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    mistakes: Mapping[str, object] | None = None,
) -> None:
    """Check that independent repetitions have the exact variance, entry by entry.

    Args:
        name: the estimator's name.
        samples: one row per repetition, shape ``[R, ...]``, R at least 30; the module lists the power for each R.
        expected_variance: the exact variance of one repetition, shape ``[...]``, or one number for all entries.
        kurtosis: an upper bound on the kurtosis of a repetition of a right answer, in every entry: 3 for a normal one.
        false_alarm_rate: probability of rejecting a correct answer, all entries together.
        mistakes: hint -> the variance that a typical mistake has; shown if the samples agree with it.

    Raises:
        CheckFailed: if the samples are not finite numbers of that shape, or an entry's variance is significantly wrong.
        ValueError: if there are too few repetitions, or an expected variance is not positive.
    """
    values = repetitions(name, samples)
    exact = as_tensor(f"expected variance of {name}", expected_variance)
    if exact.numel() > 1:
        values = repetitions(name, values, exact.shape)
    exact = exact.expand(values.shape[1:])
    if not bool((exact > 0).all()):
        raise ValueError(
            f"expected_variance must be above zero in every entry, got a smallest value of {float(exact.min()):g}"
        )
    require_variance(name, values, exact, kurtosis, false_alarm_rate, mistakes)
    passed(name, f"variance of {len(values)} repetitions agrees with the exact value")


def require_variance(
    name: str,
    values: Tensor,
    exact: Tensor,
    kurtosis: float,
    false_alarm_rate: float,
    mistakes: Mapping[str, object] | None = None,
) -> None:
    """Fail unless ``values``, ``[R, ...]``, have variances ``exact``, ``[...]``."""
    note_unmatchable(name, exact, mistakes, 1e-6 * exact)
    log_ratio, below, above = variance_statistics(values, exact, kurtosis, false_alarm_rate)
    allowed = above.where(log_ratio > 0, below)
    wrong = log_ratio.abs() > allowed
    if not wrong.any():
        return
    index = worst((log_ratio.abs() / allowed).where(wrong, -1.0))
    actual = values.var(dim=0)
    factor, least, most = (float(x[index]) for x in (actual / exact, (-below).exp(), above.exp()))
    fail(name, f"its variance is too {'large' if factor > 1 else 'small'}", [
        f"expected variance {exact[index]:.4g}{place(index, exact.shape)}",
        f"actual variance   {actual[index]:.4g} over {len(values)} repetitions",
        f"that is {factor:.3g} times the right one; chance allows {least:.2g} to {most:.2g} times",
    ], _recognize(actual, exact, allowed, mistakes) or _identical(values))  # fmt: skip


def variance_statistics(
    values: Tensor, exact: Tensor, kurtosis: float, false_alarm_rate: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the log of each variance over the exact one, and how far chance may move it below and above zero."""
    count, rate = len(values), false_alarm_rate * TAIL_ALLOWANCE
    log_variance, jackknife = log_variances(values)
    error = ((kurtosis - 1) / (count - 1)) ** 0.5
    critical = critical_t(count, exact.numel(), rate)
    # A variance has the chi-square distribution of this many degrees of freedom, to its second moment.
    degrees = 2 / error**2
    least = float(stats.chi2.ppf(rate / (2 * exact.numel()), degrees)) / degrees
    below = (critical * jackknife).clamp_min(-math.log(max(least, 1e-300)))
    above = critical * jackknife.clamp(error, MOST_ERROR * error)
    return log_variance - exact.log(), below, above


def variance_reduced(
    name: str,
    samples: object,
    reference: object,
    *,
    factor: float,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    hint: str | None = None,
) -> None:
    """Check that an estimator's total variance is at least ``factor`` times smaller than a reference's.

    The logarithm of the ratio of the two variances is tested one-sided: an estimator that just reaches the factor is
    rejected with probability about ``false_alarm_rate``. With 200 near-normal repetitions of each, no reduction is
    distinguished from 5 times less variance with probability above 0.999.

    Args:
        name: the estimator's name.
        samples: the student's estimates, one row per repetition, shape ``[R, ...]``, R at least 30.
        reference: estimates of the estimator to improve upon, each repetition of the same shape.
        factor: number of times by which the variance, summed over all entries, must be smaller.
        false_alarm_rate: probability of rejecting a correct answer.
        hint: text shown with a failure.

    Raises:
        CheckFailed: if the samples are not finite, or their variance is significantly too large.
        ValueError: if there are too few repetitions, or the reference does not vary.
    """
    theirs = repetitions(f"{name}, reference", reference)
    ours = repetitions(name, samples, theirs.shape[1:])
    if float(total_variance(theirs)) == 0:
        raise ValueError("reference must vary between its repetitions, got identical ones")
    if float(total_variance(ours)) > 0:
        log_ratio, error = log_variance_ratio(theirs, ours)
        critical = float(stats.t.isf(false_alarm_rate, min(len(ours), len(theirs)) - 1))
        if log_ratio + critical * error < math.log(factor):
            fail(name, "its variance is too large", [
                f"expected at least {factor:g} times less variance than the reference",
                f"actual   {float(log_ratio.exp()):.3g} times less",
            ], hint)  # fmt: skip
    passed(name, f"at least {factor:g} times less variance than the reference")


def _recognize(
    actual: Tensor, exact: Tensor, allowed: Tensor, mistakes: Mapping[str, object] | None
) -> str | None:
    """Return the hint of the first mistake whose variance every entry has, and which differs from the exact one."""
    for hint, value in (mistakes or {}).items():
        other = as_tensor("a typical mistake", value).expand(exact.shape)
        agrees = (actual.clamp_min(1e-300) / other.clamp_min(1e-300)).log().abs() <= allowed
        if bool(agrees.all()):
            return f"looks like {hint}"
    return None


def _identical(values: Tensor) -> str | None:
    same = bool((values == values[0]).all()) and len(values) > 1
    return "all repetitions are identical: is new noise drawn for each of them?" if same else None
