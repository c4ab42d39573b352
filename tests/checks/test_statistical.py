"""Statistical checks: verdicts, messages, and estimators without variance. Their rates: test_error_rates.py."""

import pytest
import torch
from scipy import stats

from dgm_helpers import checks
from dgm_helpers.checks.moments import mean_statistics


def normal(generator, *shape, mean=0.0, scale=1.0):
    return mean + scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def message_of(check, *args, **kwargs) -> str:
    with pytest.raises(checks.CheckFailed) as failure:
        check(*args, **kwargs)
    return str(failure.value)


def test_t_is_corrected_for_skewness_as_hall_does():
    """Hall (1992): h = t + g t^2/3 + g^2 t^3/27 + g/6, with g the skewness over the root of the sample size."""
    samples = -torch.rand(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64).log()
    t, h = mean_statistics(samples, torch.tensor(0.8, dtype=torch.float64))
    student, g = stats.ttest_1samp(samples, 0.8).statistic, stats.skew(samples) / 60**0.5
    assert float(t) == pytest.approx(student, rel=1e-4)
    assert float(h) == pytest.approx(student + g * student**2 / 3 + g**2 * student**3 / 27 + g / 6, rel=1e-4)


def test_a_right_mean_passes_with_one_line(generator, capsys):
    checks.mean_equals("gradient", normal(generator, 200, 3, scale=0.5) + torch.arange(3), torch.arange(3))
    assert capsys.readouterr().out == "✓ gradient: mean of 200 repetitions agrees with the exact value\n"


def test_a_list_of_estimates_is_taken_as_repetitions(generator):
    checks.mean_equals("gradient", list(normal(generator, 50, 2).float().requires_grad_()), [0.0, 0.0])


def test_a_bias_is_told_with_index_standard_error_and_unit(generator):
    samples = normal(generator, 400, 2, 2) + torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    lines = message_of(checks.mean_equals, "ELBO", samples, torch.zeros(2, 2), unit="nats").splitlines()
    assert lines[0] == "ELBO: biased: its mean over many repetitions is wrong"
    assert lines[1] == "  expected mean 0 nats at index [1, 0] of shape (2, 2)"
    assert lines[2].startswith("  actual mean   ") and lines[2].endswith(" nats ± 0.047 (standard error)")
    assert lines[3].endswith("standard errors off; chance allows 5.2")


def test_the_worst_entry_is_one_that_is_wrong(generator):
    # Entry 0 has no variance and is right to float32's precision: infinitely many standard errors, and no fault.
    samples = torch.stack([torch.full((100,), 1 + 1e-8), normal(generator, 100, mean=3)], dim=1)
    assert "at index [1]" in message_of(checks.mean_equals, "x", samples, [1.0, 0.0])


@pytest.mark.parametrize(
    ("mean", "hint"),
    [(3.0, "looks like a sum where the mean belongs"), (-1.0, "sign flipped"), (0.0, "every value is zero")],
)
def test_a_typical_mistake_is_recognized_from_its_mean(generator, mean, hint):
    samples = normal(generator, 400, 2, scale=0.1) + mean * torch.tensor([1.0, 2.0])
    mistakes = {"a sum where the mean belongs": [3.0, 6.0], "infinity": [float("inf"), 0.0]}
    assert hint in message_of(checks.mean_equals, "gradient", samples, [1.0, 2.0], mistakes=mistakes)


def test_an_exact_estimator_passes_to_float32s_precision_and_no_further():
    exact = torch.tensor([1.0, -100.0], dtype=torch.float64)
    checks.mean_equals("x", exact.expand(50, 2), exact)
    checks.mean_equals("x", (exact * (1 + 1e-7)).float().expand(50, 2), exact)
    checks.mean_equals("x", torch.zeros(50), 0.0)
    message = message_of(checks.mean_equals, "x", (exact * (1 + 1e-4)).expand(50, 2), exact)
    assert "the same in every repetition" in message and "is new noise drawn" in message
    assert "standard errors off" not in message


@pytest.mark.parametrize("descending", [False, True])
def test_repetitions_that_differ_are_not_called_identical(descending, generator):
    # The first one is the smallest, or the largest.
    samples = normal(generator, 100, mean=7.0).sort(descending=descending).values
    assert "new noise" not in message_of(checks.mean_equals, "x", samples, 1.0)


def test_a_noise_far_below_rounding_is_no_bias():
    samples = 1 + 1e-9 * torch.linspace(0, 1, 100, dtype=torch.float64)
    checks.mean_equals("x", samples, 1.0)


@pytest.mark.parametrize("samples", [None, "x", torch.ones(50, dtype=torch.bool), [None] * 50], ids=type)
def test_what_is_no_number_is_refused(samples):
    with pytest.raises(checks.CheckFailed):
        checks.mean_equals("x", samples, 0.0)
    with pytest.raises(checks.CheckFailed):
        checks.variance_reduced("x", samples, torch.randn(50), factor=1)


def test_one_nan_among_the_repetitions_is_refused(generator):
    samples = normal(generator, 100, 2)
    samples[70, 1] = float("nan")
    for message in (
        message_of(checks.mean_equals, "x", samples, [0.0, 0.0]),
        message_of(checks.variance_reduced, "x", samples, normal(generator, 100, 2), factor=1),
    ):
        assert "x, all repetitions: 1 of 200 values are not finite" in message and "[70, 1]" in message


@pytest.mark.parametrize("shape", [(100,), (100, 1), (100, 3, 1), (100, 1, 3), (100, 2)])
def test_a_wrong_shape_is_refused_also_if_it_broadcasts(shape):
    with pytest.raises(checks.CheckFailed, match="wrong shape"):
        checks.mean_equals("x", torch.zeros(shape), torch.zeros(3))
    with pytest.raises(checks.CheckFailed, match="wrong shape"):
        checks.variance_reduced("x", torch.zeros(shape), torch.randn(100, 3), factor=1)


@pytest.mark.parametrize("samples", [1.0, torch.zeros(29)], ids=["no axis", "29"])
def test_too_few_repetitions_are_the_tests_own_fault(samples):
    with pytest.raises(ValueError, match="at least 30 repetitions"):
        checks.mean_equals("x", samples, 0.0)
    with pytest.raises(ValueError, match="at least 30 repetitions"):
        checks.variance_reduced("x", samples, samples, factor=2)


def test_variance_is_summed_over_entries(generator, capsys):
    reference = normal(generator, 200, 2) * torch.tensor([10.0, 1.0])
    # The sum is what counts: the small entry alone got worse.
    checks.variance_reduced("b", normal(generator, 200, 2) * 2.0, reference, factor=5)
    assert capsys.readouterr().out == "✓ b: at least 5 times less variance than the reference\n"


def test_a_variance_that_is_not_reduced_is_told_with_the_factor(generator):
    samples = normal(generator, 400, 2)
    message = message_of(
        checks.variance_reduced, "baseline", samples, samples, factor=5, hint="use the others."
    )
    assert message.splitlines() == [
        "baseline: its variance is too large",
        "  expected at least 5 times less variance than the reference",
        "  actual   1 times less",
        "  Hint: use the others.",
    ]


def test_no_variance_at_all_is_less_than_any_and_no_reference():
    checks.variance_reduced("x", torch.ones(50), torch.linspace(0, 1, 50), factor=1e9)
    with pytest.raises(ValueError, match="reference must vary between its repetitions"):
        checks.variance_reduced("x", torch.ones(50), torch.ones(50), factor=1)


def test_one_precise_entry_does_not_vouch_for_noise_in_another(generator):
    # Cauchy noise in all coordinates but the first has no mean, and agrees with every one.
    samples = torch.randn(400, 3, generator=generator).double() * 0.1 + 1
    noise = torch.distributions.Cauchy(0.0, 1.0)
    torch.manual_seed(generator.initial_seed() % 2**32)
    for _ in range(100):
        samples[:, 1:] = noise.sample((400, 2)).double()
        with pytest.raises(checks.CheckFailed):
            checks.mean_equals("x", samples, torch.ones(3))


def test_an_entry_must_show_a_typical_mistake_by_itself(generator):
    samples = normal(generator, 100, 2) * torch.tensor([0.01, 0.2]) + torch.tensor([1.0, 3.0])
    checks.mean_equals("x", samples, [1.0, 3.0], mistakes={"twice": [2.0, 6.0]})
    message = message_of(checks.mean_equals, "x", samples, [1.0, 3.0], mistakes={"a tenth more": [1.1, 3.1]})
    assert "its variance is too large to show what its mean is" in message and "at index [1]" in message


def test_small_entries_may_be_hidden_by_noise_that_the_largest_ones_are_not(generator):
    checks.mean_equals("x", normal(generator, 400, 3, scale=0.2) + torch.tensor([1.0, 0, 0.01]), [1, 0, 0.01])


def test_the_exact_variance_is_tested_too(generator, capsys):
    samples = normal(generator, 400, 3, scale=0.5)
    checks.mean_equals("x", samples, torch.zeros(3), variance=0.25)
    expected = "✓ x: mean of 400 repetitions agrees with the exact value, and so does their variance\n"
    assert capsys.readouterr().out == expected
    for wrong in (2 * samples, samples / 2, 0 * samples):
        with pytest.raises(checks.CheckFailed, match="its variance is too"):
            checks.mean_equals("x", wrong, torch.zeros(3), variance=0.25)


def test_exact_noise_that_hides_a_mistake_is_the_tests_own_fault(generator):
    samples = normal(generator, 100, 2)
    with pytest.raises(ValueError, match="'a bias' is hidden by the noise of a right answer"):
        checks.mean_equals("x", samples, [0.0, 0.0], variance=1.0, mistakes={"a bias": [0.1, 0.1]})


@pytest.mark.parametrize("factor", [1.58, 1.62])
@pytest.mark.parametrize("exact", [False, True])
def test_a_mistake_must_be_1_6_critical_values_of_the_standard_error_away(factor, exact, generator):
    samples = normal(generator, 100)
    samples = 9 + (samples - samples.mean()) / samples.std()  # mean 9, standard error 1/10
    # The two tests of an exact variance share the rate of a false alarm.
    critical = float(stats.t.isf(1e-6 / (4 if exact else 2), 99))
    mistakes = {"a bias": 9 + factor * critical / 10}
    variance = 1.0 if exact else None
    if factor > 1.6:
        checks.mean_equals("x", samples, 9.0, variance=variance, mistakes=mistakes)
        return
    with pytest.raises(
        ValueError if exact else checks.CheckFailed, match=r"hidden by|its variance is too large"
    ):
        checks.mean_equals("x", samples, 9.0, variance=variance, mistakes=mistakes)


def test_noise_is_not_a_typical_mistake(generator):
    # Entry 0 is wrong; the others are noise that agrees with everything.
    samples = normal(generator, 400, 4, scale=100.0)
    samples[:, 0] = 2 + 0.01 * samples[:, 0]
    message = message_of(checks.mean_equals, "x", samples, [1.0, 2, 3, 4], mistakes={"twice": [2.0, 4, 6, 8]})
    assert "Hint" not in message


@pytest.mark.parametrize("factors", [(1.02, 1.11, 1.0), (1.02, 1.02, 1.11)])
def test_no_factor_is_named_inside_the_noise(factors, generator):
    exact = torch.tensor([1.0, 2.0, 3.0])
    samples = normal(generator, 400, 3, scale=0.3) + exact * torch.tensor(factors)
    assert "times the right one" not in message_of(checks.mean_equals, "x", samples, exact)


def test_a_deterministic_entry_is_not_said_to_share_its_noise(generator):
    samples = normal(generator, 100, 2)
    samples[:, 0] = 5.0
    message = message_of(checks.mean_equals, "x", samples, [1.0, 0.0])
    assert "the same in every repetition" in message and "Hint" not in message
