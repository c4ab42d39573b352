r"""Statistical checks: Monte-Carlo answers judged by a test whose false-alarm rate is stated.

A correct answer is rejected with probability ``FALSE_ALARM_RATE``, all entries of the answer together
(Bonferroni). The statistic of a mean is

.. math:: t = \frac{\bar g - \mu}{s / \sqrt R}

over R independent repetitions, referred to Student's t with R - 1 degrees of freedom: exact where a
repetition is normal. Each repetition is an average in the course's test cells, so that it is close to
that, but what skewness :math:`\gamma` is left matters far out in the tail. Hall's correction (*On the Removal
of Skewness by Transformation*, 1992),

.. math:: h = t + \frac{\gamma t^2}{3\sqrt R} + \frac{\gamma^2 t^3}{27 R} + \frac{\gamma}{6\sqrt R}

removes its leading term, and a mean is rejected only if t and h both exceed the critical value c. With 200
repetitions of skewness up to 2 alarms are then no more than stated (t alone: ten times as many at 1e-5).

Power: c is about 5 for the default rate, and a bias of b standard errors of the mean is found with
probability above 0.999 if b is at least

=============  ====  ====  ====  =====
repetitions     100   200   400  1,000
b               9.5   9.0   8.5    8.3
=============  ====  ====  ====  =====

for one entry of near-normal repetitions; a hundred entries need 1 more. The tests of this module
simulate all of these numbers.
"""

import math
from collections.abc import Mapping

import torch
from scipy import stats
from torch import Tensor

from dgm_helpers.checks.failure import fail, passed
from dgm_helpers.checks.patterns import differing, place, recognise, relation, worst
from dgm_helpers.checks.values import as_numbers, as_tensor, require_finite, require_shape

FALSE_ALARM_RATE = 1e-6
FEWEST_REPETITIONS = 30
LEAST_POWER = (
    1.6  # of the critical value: how far from the answer a typical mistake, and zero, must seem to be
)
IDENTICAL = (
    "all repetitions gave the same number: is every random number drawn from the generator that is given?"
)


def mean_equals(
    name: str,
    samples: object,
    expected: object,
    *,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    unit: str = "",
    mistakes: Mapping[str, object] | None = None,
) -> None:
    """Check that independent repetitions of an estimate have the expected mean (two-sided t-test).

    An estimate that does not vary at all passes if it is the exact value to float32's precision. One that varies so
    much that its mean could as well be that of a typical mistake, or zero, fails: noise agrees with everything. Each
    of those has to lie 1.6 critical values of the standard error away, so that noise around zero which varies little
    enough is rejected as zero; the exercise has to be one in which a right answer keeps that distance.

    Args:
        name: the quantity that is estimated.
        samples: one row a repetition, shape ``[R, ...]``, R at least 30; or a list of R estimates.
        expected: the exact mean, shape ``[...]``.
        false_alarm_rate: probability of rejecting a correct answer, all entries together.
        unit: for the message.
        mistakes: hint -> the mean that a typical mistake has; shown where the samples agree with it.

    Raises:
        CheckFailed: if the samples are no finite numbers of that shape, or have another mean.
        ValueError: if there are too few repetitions to test anything.
    """
    oracle = as_tensor(f"expected {name}", expected)
    values = _repetitions(name, samples, oracle.shape)
    t, h = mean_statistics(values, oracle)
    critical = critical_t(values.shape[0], oracle.numel(), false_alarm_rate)
    wrong = torch.minimum(t.abs(), h.abs()) > critical
    mean, standard_error = _mean_and_error(values)
    if not wrong.any():
        _require_power(name, oracle, standard_error, critical, mistakes)
        passed(name, f"mean of {values.shape[0]} repetitions agrees with the exact value")
        return
    index = worst(t.abs().where(wrong, -1.0))
    if standard_error[index] == 0:
        problem, chance, hint = "wrong, and the same in every repetition", "", IDENTICAL
    else:
        problem, hint = "biased: its mean over many repetitions is wrong", None
        chance = f"that is {abs(t[index]):.1f} standard errors off; chance allows {critical:.1f}"
    tolerance = critical * standard_error + _rounding(values, oracle)
    expected_mean, actual_mean = differing(float(oracle[index]), float(mean[index]))
    fail(
        name,
        problem,
        [
            f"expected mean {expected_mean} {unit}".rstrip() + place(index, oracle.shape),
            f"actual mean   {actual_mean} {unit}".rstrip()
            + f" ± {standard_error[index]:.2g} (standard error)",
            *([chance] if chance else []),
        ],
        recognise(mean, mistakes, tolerance) or hint or relation(mean, oracle, tolerance),
    )


def _require_power(
    name: str, oracle: Tensor, standard_error: Tensor, critical: float, mistakes: Mapping[str, object] | None
) -> None:
    """Fail if an estimate varies too much to be told from a typical mistake, or from zero."""
    others = [as_numbers("a typical mistake", value) for value in (mistakes or {}).values()]
    for other in [torch.zeros_like(oracle), *others]:
        if other.shape != oracle.shape:
            continue
        distance = (other - oracle).abs()
        distinct = bool((distance > 1e-6 * (oracle.abs() + other.abs())).any())
        if distinct and bool((distance <= critical * standard_error * LEAST_POWER).all()):
            index = worst(distance)
            fail(
                name,
                "its variance is too large to tell what its mean is",
                [f"standard error of the mean {standard_error[index]:.3g}{place(index, oracle.shape)}"],
                hint="more noise than the formula has: is everything averaged over the samples?",
            )


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

    The logarithm of the ratio of the two variances is tested one-sided, its standard error taken by the
    jackknife over repetitions and referred to Student's t with R - 1 degrees of freedom: an estimator that
    does reach the factor is rejected with probability about ``false_alarm_rate``. With 200 near-normal
    repetitions of each, no reduction is told from 5 times less variance with probability above 0.999.

    Args:
        name: the estimator.
        samples: one row a repetition of the student's estimator, shape ``[R, ...]``, R at least 30.
        reference: likewise of the estimator to be improved upon, each repetition of the same shape.
        factor: how many times smaller the variance, summed over all entries, has to be.
        false_alarm_rate: probability of rejecting a correct answer.
        hint: shown with a failure.

    Raises:
        CheckFailed: if the samples are not finite, or their variance is significantly too large.
        ValueError: if there are too few repetitions, or the reference does not vary.
    """
    theirs = _repetitions(f"{name}, reference", reference)
    ours = _repetitions(name, samples, theirs.shape[1:])
    if float(_total_variance(theirs)) == 0:
        raise ValueError("variance_reduced needs a reference that varies")
    if float(_total_variance(ours)) > 0:
        log_ratio, error = log_variance_ratio(theirs, ours)
        critical = float(stats.t.isf(false_alarm_rate, min(len(ours), len(theirs)) - 1))
        if log_ratio + critical * error < math.log(factor):
            fail(name, "its variance is too large", [
                f"expected at least {factor:g} times less variance than the reference",
                f"actual   {float(log_ratio.exp()):.3g} times less",
            ], hint)  # fmt: skip
    passed(name, f"at least {factor:g} times less variance than the reference")


def critical_t(repetitions: int, entries: int, false_alarm_rate: float) -> float:
    """Two-sided critical value of Student's t at this rate, shared by ``entries`` tests."""
    return float(stats.t.isf(false_alarm_rate / (2 * max(entries, 1)), repetitions - 1))


def mean_statistics(values: Tensor, oracle: Tensor) -> tuple[Tensor, Tensor]:
    """Student's t of the mean of ``values``, ``[R, ...]``, against ``oracle``, and Hall's h, both ``[...]``."""
    mean, standard_error = _mean_and_error(values)
    difference = mean - oracle
    # An estimator without variance has no standard error; float32 rounding is still no bias.
    beyond = difference.sign() * (difference.abs() - _rounding(values, oracle)).clamp_min(0)
    # Capped, so that both stay finite without variance.
    t = (beyond / standard_error.clamp_min(torch.finfo(torch.float64).tiny)).clamp(-1e9, 1e9)
    return t, _skew_corrected(t, values)


def log_variance_ratio(numerator: Tensor, denominator: Tensor) -> tuple[Tensor, Tensor]:
    """Log of the ratio of two total variances, of ``[R, ...]`` and ``[S, ...]``, and its standard error."""
    log_ratio = (_total_variance(numerator) / _total_variance(denominator)).log()
    return log_ratio, torch.hypot(_jackknife_error(numerator), _jackknife_error(denominator))


def _skew_corrected(t: Tensor, values: Tensor) -> Tensor:
    """Hall's h; zero where the correction goes past zero, that is where all of t may come from the skewness."""
    deviation = values - values.mean(dim=0)
    spread = (deviation**2).mean(dim=0).sqrt()
    skewness = (deviation / spread.clamp_min(torch.finfo(torch.float64).tiny)).pow(3).mean(dim=0)
    g = skewness / values.shape[0] ** 0.5
    h = t + g * t**2 / 3 + g**2 * t**3 / 27 + g / 6
    return h.where(h.sign() == t.sign(), 0.0)


def _repetitions(name: str, samples: object, shape: torch.Size | None = None) -> Tensor:
    """One row a repetition, at least the fewest that a test needs, each of this shape."""
    values = as_numbers(name, samples)
    if values.ndim == 0 or values.shape[0] < FEWEST_REPETITIONS:
        raise ValueError(f"{name}: needs at least {FEWEST_REPETITIONS} repetitions along the first axis")
    if shape is not None:
        require_shape(f"{name}, all repetitions", values, (values.shape[0], *shape))
    require_finite(f"{name}, all repetitions", values)
    return values


def _mean_and_error(values: Tensor) -> tuple[Tensor, Tensor]:
    return values.mean(dim=0), values.std(dim=0) / values.shape[0] ** 0.5


def _rounding(values: Tensor, oracle: Tensor) -> Tensor:
    return 1e-6 * (values.abs().amax(dim=0) + oracle.abs()) + 1e-9


def _total_variance(values: Tensor) -> Tensor:
    return values.reshape(len(values), -1).var(dim=0).sum()


def _jackknife_error(values: Tensor) -> Tensor:
    """Standard error of the log of the total variance, from leaving out one repetition at a time."""
    flat = values.reshape(len(values), -1)
    count = flat.shape[0]
    squares = ((flat - flat.mean(dim=0)) ** 2).sum(dim=1)
    # Variance without row r, exactly: (S - d_r^2 * R/(R-1)) / (R-2).
    without = ((squares.sum() - squares * count / (count - 1)) / (count - 2)).clamp_min(1e-300).log()
    return ((count - 1) / count * ((without - without.mean()) ** 2).sum()).sqrt()
