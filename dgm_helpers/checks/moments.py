r"""The statistics of repetitions that the statistical checks compare with Student's t.

A *repetition* is one independent estimate; samples have shape ``[R, ...]``, one row per repetition.
"""

import torch
from scipy import stats
from torch import Tensor

from dgm_helpers.checks.values import as_numbers, require_finite, require_shape

FALSE_ALARM_RATE = 1e-6
FEWEST_REPETITIONS = 30
_TINY = torch.finfo(torch.float64).tiny


def repetitions(name: str, samples: object, shape: torch.Size | None = None) -> Tensor:
    """Return samples as float64 ``[R, *shape]``, finite, with R at least 30.

    Raises:
        CheckFailed: if they are not finite numbers of that shape.
        ValueError: if R is smaller than 30.
    """
    values = as_numbers(name, samples)
    if values.ndim == 0 or values.shape[0] < FEWEST_REPETITIONS:
        raise ValueError(
            f"{name}: samples must have at least {FEWEST_REPETITIONS} repetitions along the first axis, got shape "
            f"{tuple(values.shape)}"
        )
    if shape is not None:
        require_shape(f"{name}, all repetitions", values, (values.shape[0], *shape))
    require_finite(f"{name}, all repetitions", values)
    return values


def critical_t(count: int, entries: int, false_alarm_rate: float) -> float:
    """Return the two-sided critical value of Student's t at this rate, shared by ``entries`` tests."""
    return float(stats.t.isf(false_alarm_rate / (2 * max(entries, 1)), count - 1))


def mean_and_error(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean over repetitions and its standard error, both ``[...]``."""
    return values.mean(dim=0), values.std(dim=0) / values.shape[0] ** 0.5


def rounding(values: Tensor, oracle: Tensor) -> Tensor:
    """Return the difference from ``oracle`` that float32's rounding may cause, ``[...]``."""
    return 1e-6 * (values.abs().amax(dim=0) + oracle.abs()) + 1e-9


def mean_statistics(values: Tensor, oracle: Tensor) -> tuple[Tensor, Tensor]:
    """Return Student's t of the mean of ``values``, ``[R, ...]``, against ``oracle``, and Hall's h, both ``[...]``."""
    mean, standard_error = mean_and_error(values)
    difference = mean - oracle
    # An estimator without variance has no standard error; float32 rounding is still not a bias.
    beyond = difference.sign() * (difference.abs() - rounding(values, oracle)).clamp_min(0)
    # Capped, so that both stay finite without variance.
    t = (beyond / standard_error.clamp_min(_TINY)).clamp(-1e9, 1e9)
    return t, _skew_corrected(t, values)


def log_variances(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log of each entry's variance over repetitions and its jackknife standard error, ``[...]``."""
    squares = (values - values.mean(dim=0)) ** 2
    return _log_variance(squares)


def log_variance_ratio(numerator: Tensor, denominator: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log of the ratio of the total variances of ``[R, ...]`` and ``[S, ...]``, and its standard error."""
    (above, above_error), (below, below_error) = (
        _log_variance(((values - values.mean(dim=0)) ** 2).reshape(len(values), -1).sum(dim=1))
        for values in (numerator, denominator)
    )
    return above - below, torch.hypot(above_error, below_error)


def total_variance(values: Tensor) -> Tensor:
    """Return the variance over repetitions, summed over all entries."""
    return values.reshape(len(values), -1).var(dim=0).sum()


def _log_variance(squares: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log of a variance, from squared deviations ``[R, ...]``, and its jackknife standard error."""
    count = len(squares)
    total = squares.sum(dim=0)
    # Variance without row r, exactly: (S - d_r^2 * R/(R-1)) / (R-2).
    without = ((total - squares * count / (count - 1)) / (count - 2)).clamp_min(1e-300).log()
    error = ((count - 1) / count * ((without - without.mean(dim=0)) ** 2).sum(dim=0)).sqrt()
    return (total / (count - 1)).clamp_min(1e-300).log(), error


def _skew_corrected(t: Tensor, values: Tensor) -> Tensor:
    """Return Hall's h; zero where the correction changes the sign: there all of t may come from the skewness."""
    deviation = values - values.mean(dim=0)
    spread = (deviation**2).mean(dim=0).sqrt()
    skewness = (deviation / spread.clamp_min(_TINY)).pow(3).mean(dim=0)
    g = skewness / values.shape[0] ** 0.5
    h = t + g * t**2 / 3 + g**2 * t**3 / 27 + g / 6
    return h.where(h.sign() == t.sign(), 0.0)
