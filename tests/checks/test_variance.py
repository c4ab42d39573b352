"""The checks of variances against exact ones: verdicts, messages, error rates, and power."""

import pytest
import torch
from scipy import stats

from dgm_helpers import checks
from dgm_helpers.checks.variance import variance_statistics


def normal(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_a_right_variance_passes_with_one_line(generator, capsys):
    checks.variance_equals("estimate", normal(generator, 200, 2) * torch.tensor([1.0, 2]), [1.0, 4.0])
    checks.variance_equals("estimate", list(normal(generator, 200)), 1.0)
    line = "✓ estimate: variance of 200 repetitions agrees with the exact value\n"
    assert capsys.readouterr().out == 2 * line


def test_a_wrong_variance_is_told_as_a_factor_with_a_hint(generator):
    samples = normal(generator, 400, 2) * torch.tensor([1.0, 2.0])
    mistakes = {"nothing": [9.0, 9.0], "four times fewer samples: use all of `n_samples`": [1.0, 4.0]}
    with pytest.raises(checks.CheckFailed) as failure:
        checks.variance_equals("estimate", samples, [0.25, 4.0], mistakes=mistakes)
    lines = str(failure.value).splitlines()
    assert lines[0] == "estimate: its variance is too large"
    assert lines[1] == "  expected variance 0.25 at index [0] of shape (2,)"
    assert lines[2].startswith("  actual variance   ") and lines[2].endswith(" over 400 repetitions")
    assert lines[3].startswith("  that is ") and "times the right one; chance allows 0." in lines[3]
    assert lines[4] == "  Hint: looks like four times fewer samples: use all of `n_samples`"
    with pytest.raises(checks.CheckFailed) as failure:
        checks.variance_equals("estimate", samples, [0.25, 0.25], mistakes={"only one entry": [1.0, 1.0]})
    assert "Hint" not in str(failure.value)


@pytest.mark.parametrize("expected", [0.0, [1.0, -1.0]])
def test_an_expected_variance_must_be_positive(expected, generator):
    with pytest.raises(ValueError, match="must be above zero in every entry, got a smallest value of"):
        checks.variance_equals("x", normal(generator, 100, 2), expected)


def test_repetitions_that_are_all_the_same_are_told(generator):
    with pytest.raises(checks.CheckFailed, match="too small") as failure:
        checks.variance_equals("x", torch.ones(100, 2), 1.0)
    assert str(failure.value).endswith("all repetitions are identical: is new noise drawn for each of them?")


@pytest.mark.parametrize("samples", [None, "x", [float("nan")] * 50, torch.zeros(50, 3)], ids=str)
def test_what_is_not_a_number_of_the_right_shape_is_refused(samples):
    with pytest.raises(checks.CheckFailed):
        checks.variance_equals("x", samples, [1.0, 1.0])


@pytest.mark.parametrize("expected", [1.0, [1.0, 1.0]])
def test_heavy_tails_are_found(expected, generator):
    torch.manual_seed(generator.initial_seed() % 2**32)
    for _ in range(200):
        samples = torch.distributions.Cauchy(0.0, 1.0).sample((400, 2))
        with pytest.raises(checks.CheckFailed, match="too large"):
            checks.variance_equals("x", samples, expected)


SIMULATIONS = 20_000


def gaussian(generator, count):
    return normal(generator, count, SIMULATIONS)


def squares(generator, count):
    """Variance 1, kurtosis 6: the mean of four squares."""
    return normal(generator, 4, count, SIMULATIONS).square().mean(dim=0) * 2**0.5


def exponential(generator, count):
    """Variance 1, kurtosis 9."""
    return -torch.rand(count, SIMULATIONS, generator=generator, dtype=torch.float64).clamp_min(1e-300).log()


def judged(values, kurtosis, rate, entries=1):
    """Which of the simulated answers, one per column, the check would reject."""
    columns = values.shape[1]
    exact = torch.ones(columns, dtype=torch.float64)
    ratio, below, above = variance_statistics(values, exact, kurtosis, rate * columns / entries)
    return (ratio > above) | (ratio < -below)


@pytest.mark.simulation
@pytest.mark.parametrize("count", [60, 200, 400])
@pytest.mark.parametrize(("simulate", "kurtosis"), [(gaussian, 3), (squares, 6), (exponential, 9)])
def test_right_variances_are_rejected_no_more_often_than_stated(simulate, kurtosis, count, generator):
    values = simulate(generator, count)
    assert not judged(values, kurtosis, checks.FALSE_ALARM_RATE).any()
    # Too many alarms by chance: probability below 1e-6 at each rate.
    for rate in (1e-2, 1e-3):
        alarms = int(judged(values, kurtosis, rate).sum())
        assert stats.binom.sf(alarms - 1, SIMULATIONS, rate) > 1e-6, f"{alarms} alarms at {rate}"


POWER = [(60, 9.5), (100, 4.8), (200, 2.9), (400, 2.1), (1000, 1.6)]


@pytest.mark.simulation
@pytest.mark.parametrize(("count", "factor"), POWER)
@pytest.mark.parametrize("upwards", [True, False])
def test_a_factor_of_the_stated_size_is_found(count, factor, upwards, generator):
    values = gaussian(generator, count) * factor ** (0.5 if upwards else -0.5)
    missed = int((~judged(values, 4.0, checks.FALSE_ALARM_RATE)).sum())
    # More than 0.999: the number of misses is what a probability of 1/1000 gives, or fewer.
    assert stats.binom.sf(missed - 1, SIMULATIONS, 1e-3) > 1e-3


def estimates(samples, drawn, generator):
    """400 averages of ``drawn`` samples each, in 3 coordinates, as if ``samples`` had been asked for."""
    return normal(generator, 400, drawn, 3).mean(dim=1), 1 / samples


@pytest.mark.parametrize(("samples", "drawn"), [(12, 3), (3, 12), (3, 1), (12, 5)])
def test_an_ignored_number_of_samples_is_found(samples, drawn, generator):
    for _ in range(100):
        values, exact = estimates(samples, drawn, generator)
        with pytest.raises(checks.CheckFailed, match="its variance is too"):
            checks.mean_equals("x", values, torch.zeros(3), variance=exact)


def test_noise_shared_by_the_samples_is_found(generator):
    for _ in range(100):
        shared = normal(generator, 400, 1, 3).expand(400, 12, 3).mean(dim=1)
        with pytest.raises(checks.CheckFailed, match="too large"):
            checks.mean_equals("x", shared, torch.zeros(3), variance=1 / 12)
