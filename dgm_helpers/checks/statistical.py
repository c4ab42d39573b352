r"""Statistical checks: Monte-Carlo answers judged by a test whose false-alarm rate is stated.

A correct answer is rejected with probability at most ``FALSE_ALARM_RATE``, all entries of the answer together
(Bonferroni). The statistic of a mean is

.. math:: t = \frac{\bar g - \mu}{s / \sqrt R}

over R independent repetitions, referred to Student's t with R - 1 degrees of freedom. Each repetition is
itself an average in the course's test cells, so that it is close to normal. Power: a bias of b standard
errors of the mean is rejected with probability :math:`\Phi(|b| - c)`, c the critical value (about 5 for
the default rate), so a bias of 8.1 standard errors is missed in fewer than 1 of 1,000 cases.
"""

from collections.abc import Mapping

import torch
from scipy import stats
from torch import Tensor

from dgm_helpers.checks.failure import fail, passed
from dgm_helpers.checks.values import as_tensor

FALSE_ALARM_RATE = 1e-6
FEWEST_REPETITIONS = 30


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

    Args:
        name: the quantity that is estimated.
        samples: one row a repetition, shape ``[R, ...]``, R at least 30.
        expected: the exact mean, shape ``[...]``.
        false_alarm_rate: probability of rejecting a correct answer, all entries together.
        unit: for the message.
        mistakes: hint -> the mean that a typical mistake has; shown where the samples agree with it.

    Raises:
        CheckFailed: if the samples are no finite numbers of that shape, never vary, or have another mean.
    """
    oracle = as_tensor(f"expected {name}", expected)
    values = as_tensor(name, samples)
    if values.ndim == 0 or values.shape[0] < FEWEST_REPETITIONS:
        raise ValueError(f"mean_equals needs at least {FEWEST_REPETITIONS} repetitions along the first axis")
    values = as_tensor(name, samples, (values.shape[0], *oracle.shape))
    mean, standard_error = _mean_and_error(values)
    critical = critical_t(values.shape[0], oracle.numel(), false_alarm_rate)
    wrong = (mean - oracle).abs() > critical * standard_error + _rounding(values, oracle)
    if not wrong.any():
        passed(name, f"mean of {values.shape[0]} repetitions agrees with the exact value")
        return
    z = (mean - oracle).abs() / standard_error.clamp_min(torch.finfo(torch.float64).tiny)
    index = tuple(int(i) for i in torch.unravel_index(z.argmax(), z.shape)) if z.ndim else ()
    fail(
        name,
        "biased: its mean over many repetitions is wrong",
        [
            f"expected mean {oracle[index]:.6g} {unit}".rstrip()
            + (f" at index {list(index)}" if index else ""),
            f"actual mean   {mean[index]:.6g} ± {standard_error[index]:.2g} (standard error)",
            f"that is {min(float(z[index]), 1e6):.1f} standard errors off; chance allows {critical:.1f}",
        ],
        _recognise_mean(mean, standard_error, critical, mistakes),
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
    jackknife over repetitions: an estimator that does reach the factor is rejected with probability
    at most ``false_alarm_rate``.

    Args:
        name: the estimator.
        samples: one row a repetition of the student's estimator, shape ``[R, ...]``.
        reference: likewise of the estimator to be improved upon.
        factor: how many times smaller the variance, summed over all entries, has to be.
        false_alarm_rate: probability of rejecting a correct answer.
        hint: shown with a failure.

    Raises:
        CheckFailed: if the samples are not finite, or their variance is significantly too large.
    """
    ours = as_tensor(name, samples)
    theirs = as_tensor(f"{name}, reference", reference)
    log_ratio = _log_variance(theirs) - _log_variance(ours)
    error = torch.hypot(_jackknife_error(theirs), _jackknife_error(ours))
    critical = float(stats.norm.isf(false_alarm_rate))
    if log_ratio + critical * error < torch.log(torch.tensor(factor, dtype=torch.float64)):
        fail(name, "its variance is too large", [
            f"expected at least {factor:g} times less variance than the reference",
            f"actual   {float(log_ratio.exp()):.3g} times less",
        ], hint)  # fmt: skip
    passed(name, f"at least {factor:g} times less variance than the reference")


def critical_t(repetitions: int, entries: int, false_alarm_rate: float) -> float:
    """Two-sided critical value of Student's t at this rate, shared by ``entries`` tests."""
    return float(stats.t.isf(false_alarm_rate / (2 * max(entries, 1)), repetitions - 1))


def _mean_and_error(values: Tensor) -> tuple[Tensor, Tensor]:
    return values.mean(dim=0), values.std(dim=0) / values.shape[0] ** 0.5


def _rounding(values: Tensor, oracle: Tensor) -> Tensor:
    # An estimator without variance has no standard error; float32 rounding is still no bias.
    return 1e-6 * (values.abs().amax(dim=0) + oracle.abs()) + 1e-9


def _recognise_mean(
    mean: Tensor, standard_error: Tensor, critical: float, mistakes: Mapping[str, object] | None
) -> str | None:
    for hint, value in (mistakes or {}).items():
        mistaken = as_tensor("a typical mistake", value)
        near = mistaken.shape == mean.shape and bool(
            ((mean - mistaken).abs() <= critical * standard_error + 1e-6 * mistaken.abs() + 1e-9).all()
        )
        if near:
            return f"looks like {hint}"
    return None


def _log_variance(values: Tensor) -> Tensor:
    return values.flatten(1).var(dim=0).sum().clamp_min(1e-300).log()


def _jackknife_error(values: Tensor) -> Tensor:
    """Standard error of the log of the total variance, from leaving out one repetition at a time."""
    flat = values.flatten(1)
    count = flat.shape[0]
    squares = ((flat - flat.mean(dim=0)) ** 2).sum(dim=1)
    # Variance without row r, exactly: (S - d_r^2 * R/(R-1)) / (R-2).
    without = ((squares.sum() - squares * count / (count - 1)) / (count - 2)).clamp_min(1e-300).log()
    return ((count - 1) / count * ((without - without.mean()) ** 2).sum()).sqrt()
