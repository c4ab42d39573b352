"""The check of z-scores: its false-alarm rate, its power, and what it says."""

import pytest
import torch
from scipy import stats

from dgm_helpers import checks
from dgm_helpers.checks.calibration import thresholds


def test_correct_scores_pass(generator):
    checks.calibrated("z", torch.randn(60, generator=generator))
    checks.calibrated("z", torch.randn(60, generator=generator).tolist())


@pytest.mark.parametrize("degrees", [100, 150, 1000])
def test_ten_thousand_correct_answers_raise_no_alarm(degrees, generator):
    noise = torch.distributions.StudentT(float(degrees))
    torch.manual_seed(generator.initial_seed() % 2**32)
    scores = noise.sample((10_000, 60))
    low, high, allowed = thresholds(60, checks.FALSE_ALARM_RATE)
    square = (scores**2).mean(dim=1)
    assert ((low < square) & (square < high) & (scores.mean(dim=1).abs() < allowed)).all()


def test_rate_is_below_the_stated_one():
    """For normal scores the rate of both tests together is known; the allowance for tails is a factor 100."""
    low, high, allowed = thresholds(60, 1e-6)
    rate = stats.chi2.cdf(60 * low, 60) + stats.chi2.sf(60 * high, 60)
    rate += 2 * stats.norm.sf(allowed * 60**0.5)
    assert rate == pytest.approx(1e-8, rel=1e-6)


POWER = [(60, 2.6), (60, 1 / 2.2), (200, 1.65), (200, 1 / 1.55), (1000, 1.23), (4000, 1.11), (700, 1.3)]


@pytest.mark.parametrize(
    ("count", "factor"), POWER + [(count, 1 / factor) for count, factor in POWER if count > 200]
)
def test_wrong_standard_errors_are_found(count, factor):
    low, high, _ = thresholds(count, 1e-6)
    missed = stats.chi2.cdf(count * high * factor**2, count) - stats.chi2.cdf(count * low * factor**2, count)
    assert missed < 1e-3


def test_messages_say_which_way_and_name_the_mistake(generator):
    scores = torch.randn(60, generator=generator)
    with pytest.raises(checks.CheckFailed, match="too large") as raised:
        checks.calibrated("z", scores / 10, mistakes={"the wrong one": 100.0, "a missing root": 0.01})
    assert "looks like a missing root" in str(raised.value)
    with pytest.raises(checks.CheckFailed, match="too small"):
        checks.calibrated("z", scores * 10)
    with pytest.raises(checks.CheckFailed, match="not centered"):
        checks.calibrated("z", scores.abs() + 0.2)


@pytest.mark.parametrize("bad", [None, [float("nan")] * 60, ["a"] * 60])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(checks.CheckFailed):
        checks.calibrated("z", bad)


def test_too_few_scores_are_refused():
    with pytest.raises(ValueError, match="at least 30"):
        checks.calibrated("z", torch.zeros(10))
