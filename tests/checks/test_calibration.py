"""The check of z-scores: its false-alarm rate, and the wrong standard errors that it has to find."""

import math

import pytest
import torch
from scipy import stats

from dgm_helpers import checks


def alarms(scores, **options) -> int:
    """How many rows of z-scores are rejected."""
    count = 0
    for row in scores:
        try:
            checks.calibrated("z", row, **options)
        except checks.CheckFailed:
            count += 1
    return count


def normal(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_right_scores_pass_at_the_stated_rate(generator):
    # The rate that is used is a tenth of the stated one, so that scores with 50 degrees of freedom pass too.
    scores = normal(generator, 500, 100)
    assert alarms(scores) == 0
    found = alarms(scores, false_alarm_rate=0.5)
    assert stats.binom.sf(found - 1, 500, 0.05) > 1e-6 and stats.binom.cdf(found, 500, 0.05) > 1e-6


def test_scores_of_fifty_degrees_of_freedom_pass_at_the_stated_rate(generator):
    t = normal(generator, 500, 100) / (normal(generator, 500, 100, 50) ** 2).mean(dim=-1).sqrt()
    assert alarms(t) == 0
    assert stats.binom.sf(alarms(t, false_alarm_rate=0.05) - 1, 500, 0.05) > 1e-6


@pytest.mark.parametrize("factor", [1.9, 1 / 1.9])
def test_a_standard_error_off_by_the_stated_factor_is_found(factor, generator):
    missed = 500 - alarms(factor * normal(generator, 500, 100))
    assert stats.binom.sf(missed - 1, 500, 1e-3) > 1e-3


def test_a_shift_is_found_and_so_are_scores_without_sign(generator):
    assert alarms(1 + normal(generator, 200, 100)) == 200
    assert alarms(normal(generator, 200, 100).abs()) == 200


def test_the_message_names_the_size_of_the_error_and_its_likely_cause(generator):
    mistakes = {"the standard deviation where its error belongs": 1 / 100}
    with pytest.raises(checks.CheckFailed) as failure:
        checks.calibrated("z of the theorem", normal(generator, 100) / 10, mistakes=mistakes)
    message = str(failure.value)
    assert message.startswith("z of the theorem: the standard error is too large\n")
    assert "looks like the standard deviation where its error belongs" in message


@pytest.mark.parametrize("scores", [None, "z", [math.nan] * 50, torch.ones(50, dtype=torch.bool)], ids=type)
def test_what_is_no_number_is_refused(scores):
    with pytest.raises(checks.CheckFailed):
        checks.calibrated("z", scores)


@pytest.mark.parametrize("shape", [(29,), (100, 1), ()], ids=str)
def test_another_shape_is_the_tests_own_fault(shape):
    with pytest.raises(ValueError, match="calibrated needs a row of at least 30 z-scores"):
        checks.calibrated("z", torch.zeros(shape))
