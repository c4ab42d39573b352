r"""Statistical check of a mean: Monte Carlo answers judged by a test whose false-alarm rate is stated.

A correct answer is rejected with probability ``FALSE_ALARM_RATE``, all entries of the answer together
(Bonferroni). The statistic of a mean is

.. math:: t = \frac{\bar g - \mu}{s / \sqrt R}

over R independent repetitions, compared with Student's t with R - 1 degrees of freedom. That is exact if a
repetition is normal. In the course's checks each repetition is an average, and so is nearly normal, but the
remaining skewness :math:`\gamma` matters far out in the tail. Hall's correction (*On the Removal of Skewness by
Transformation*, 1992),

.. math:: h = t + \frac{\gamma t^2}{3\sqrt R} + \frac{\gamma^2 t^3}{27 R} + \frac{\gamma}{6\sqrt R}

removes its leading term, and a mean is rejected only if t and h both exceed the critical value c. With 200 repetitions
and a skewness of up to 2, false alarms are then no more frequent than stated (with t alone they are ten times as
frequent at 1e-5).

Power: c is about 5 for the default rate, and a bias of b standard errors of the mean is found with
probability above 0.999 if b is at least

=============  ====  ====  ====  =====
repetitions     100   200   400  1,000
b               9.5   9.0   8.5    8.3
=============  ====  ====  ====  =====

for one entry of near-normal repetitions; a hundred entries need 1 more. The tests of this module
simulate all of these numbers. With the exact ``variance`` given, b follows from the inputs, not from the answer:
a check whose own noise hides a typical mistake raises ``ValueError`` for its author.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.moments import (
    FALSE_ALARM_RATE,
    critical_t,
    mean_and_error,
    mean_statistics,
    repetitions,
    rounding,
)
from dgm_helpers.checks.patterns import differing, note_unmatchable, place, recognize, relation, worst
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_numbers, as_tensor
from dgm_helpers.checks.variance import LARGEST_KURTOSIS, require_variance

# The distance from the answer that a typical mistake, and zero, must have, in critical values of the standard error.
LEAST_POWER = 1.6
# An entry in which a mistake differs by less than this fraction of its largest difference need not show the mistake.
SMALL_ENTRY = 0.25
IDENTICAL = "all repetitions are identical: is new noise drawn for each of them?"


def mean_equals(
    name: str,
    samples: object,
    expected: object,
    *,
    variance: object = None,
    kurtosis: float = LARGEST_KURTOSIS,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    unit: str = "",
    mistakes: Mapping[str, object] | None = None,
) -> None:
    """Check that independent repetitions of an estimate have the expected mean (two-sided t-test).

    An estimate that does not vary at all passes if it is the exact value to float32's precision, unless ``variance`` is
    given. Noise that is large enough agrees with every mean, so it is bounded in each entry separately:

    * With ``variance``, each entry's variance is tested too, as :func:`~dgm_helpers.checks.variance.variance_equals`
      does, each test at half the rate. An ignored or halved ``n_samples``, shared noise and heavy tails are then found.
    * Without it, 1.6 critical values of an entry's standard error must be less than the entry's distance from zero and
      from each typical mistake that differs there. If that distance is less than a quarter of the largest one over all
      entries, the quarter is used instead. Choose inputs for which a right answer stays below this in every entry.

    Args:
        name: the estimated quantity.
        samples: one row per repetition, shape ``[R, ...]``, R at least 30; or a list of R estimates.
        expected: the exact mean, shape ``[...]``.
        variance: the exact variance of one repetition, shape ``[...]`` or one number, if it is known.
        kurtosis: an upper bound on the kurtosis of a repetition of a right answer; used only with ``variance``.
        false_alarm_rate: probability of rejecting a correct answer, all entries and both tests together.
        unit: unit of the values, for the message.
        mistakes: hint -> the mean that a typical mistake has; shown if the samples agree with it.

    Raises:
        CheckFailed: if the samples are not finite numbers of that shape, have a different mean, or vary too much.
        ValueError: if there are too few repetitions to test anything, or ``variance`` is so large that a right answer
            is not distinguished from a typical mistake in any entry.
    """
    oracle = as_tensor(f"expected {name}", expected)
    values = repetitions(name, samples, oracle.shape)
    rate = false_alarm_rate if variance is None else false_alarm_rate / 2
    critical = critical_t(values.shape[0], oracle.numel(), rate)
    note_unmatchable(name, oracle, mistakes, rounding(values, oracle))
    exact = None
    if variance is not None:
        exact = as_tensor(f"expected variance of {name}", variance).expand(oracle.shape)
        _require_exact_power(name, oracle, (exact / len(values)).sqrt(), critical, mistakes)
    _require_mean(name, values, oracle, critical, unit, mistakes)
    if exact is None:
        _require_power(name, oracle, mean_and_error(values)[1], critical, mistakes)
    else:
        require_variance(name, values, exact, kurtosis, rate)
    also = "" if exact is None else ", and so does their variance"
    passed(name, f"mean of {values.shape[0]} repetitions agrees with the exact value{also}")


def _require_mean(
    name: str,
    values: Tensor,
    oracle: Tensor,
    critical: float,
    unit: str,
    mistakes: Mapping[str, object] | None,
) -> None:
    """Fail if an entry's mean is significantly wrong."""
    t, h = mean_statistics(values, oracle)
    wrong = torch.minimum(t.abs(), h.abs()) > critical
    if not wrong.any():
        return
    mean, standard_error = mean_and_error(values)
    index = worst(t.abs().where(wrong, -1.0))
    if standard_error[index] == 0:
        problem, chance = "wrong, and the same in every repetition", []
    else:
        problem = "biased: its mean over many repetitions is wrong"
        chance = [f"that is {abs(t[index]):.1f} standard errors off; chance allows {critical:.1f}"]
    tolerance = critical * standard_error + rounding(values, oracle)
    expected_mean, actual_mean = differing(float(oracle[index]), float(mean[index]))
    hint = recognize(mean, oracle, mistakes, tolerance) or relation(mean, oracle, tolerance)
    fail(
        name,
        problem,
        [
            f"expected mean {expected_mean} {unit}".rstrip() + place(index, oracle.shape),
            f"actual mean   {actual_mean} {unit}".rstrip()
            + f" ± {standard_error[index]:.2g} (standard error)",
            *chance,
        ],
        hint or (IDENTICAL if bool((values == values[0]).all()) else None),
    )


def _alternatives(oracle: Tensor, mistakes: Mapping[str, object] | None) -> list[tuple[str, Tensor, Tensor]]:
    """Return zero and each typical mistake: its name, its distance from the exact mean, and the entries it tests."""
    zero = oracle.abs()
    alternatives = [("zero", zero, torch.ones_like(zero, dtype=torch.bool))] if bool((zero > 0).any()) else []
    for hint, value in (mistakes or {}).items():
        other = as_numbers("a typical mistake", value)
        if other.shape == oracle.shape and bool(torch.isfinite(other).all()):
            distance = (other - oracle).abs()
            alternatives.append((hint, distance, distance > 1e-6 * (oracle.abs() + other.abs())))
    return [(hint, distance, tested) for hint, distance, tested in alternatives if bool(tested.any())]


def _require_power(
    name: str, oracle: Tensor, standard_error: Tensor, critical: float, mistakes: Mapping[str, object] | None
) -> None:
    """Fail if an entry varies too much to be distinguished from a typical mistake's, or from zero."""
    for _, distance, tested in _alternatives(oracle, mistakes):
        bound = distance.clamp_min(float(distance.max()) * SMALL_ENTRY) / (critical * LEAST_POWER)
        if bool((tested & (standard_error >= bound)).any()):
            index = worst((standard_error / bound).where(tested, -1.0))
            fail(
                name,
                "its variance is too large to show what its mean is",
                [
                    f"standard error of the mean {standard_error[index]:.3g}{place(index, oracle.shape)}",
                    f"it must be below {bound[index]:.3g}",
                ],
                hint="more noise than the formula has: is everything averaged over the samples?",
            )


def _require_exact_power(
    name: str, oracle: Tensor, standard_error: Tensor, critical: float, mistakes: Mapping[str, object] | None
) -> None:
    """Raise ``ValueError`` if the exact noise hides a typical mistake in every entry."""
    for hint, distance, _ in _alternatives(oracle, mistakes):
        if hint == "zero":
            continue
        if bool((distance <= critical * standard_error * LEAST_POWER).all()):
            raise ValueError(
                f"{name}: {hint!r} is hidden by the noise of a right answer: use more repetitions"
            )
