"""Statistical checks: verdicts, messages, and estimators without variance. Their rates: test_error_rates.py."""

import pytest
import torch

from dgm_helpers import checks


def normal(generator, *shape, mean=0.0, scale=1.0):
    return mean + scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def message_of(check, *args, **kwargs) -> str:
    with pytest.raises(checks.CheckFailed) as failure:
        check(*args, **kwargs)
    return str(failure.value)


def test_a_right_mean_passes_with_one_line(generator, capsys):
    checks.mean_equals("gradient", normal(generator, 200, 3) + torch.arange(3), torch.arange(3))
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
def test_a_typical_mistake_is_recognised_from_its_mean(generator, mean, hint):
    samples = normal(generator, 400, 2, scale=0.1) + mean * torch.tensor([1.0, 2.0])
    mistakes = {"a sum where the mean belongs": [3.0, 6.0], "infinity": [float("inf"), 0.0]}
    assert hint in message_of(checks.mean_equals, "gradient", samples, [1.0, 2.0], mistakes=mistakes)


def test_an_exact_estimator_passes_to_float32s_precision_and_no_further():
    exact = torch.tensor([1.0, -100.0], dtype=torch.float64)
    checks.mean_equals("x", exact.expand(50, 2), exact)
    checks.mean_equals("x", (exact * (1 + 1e-7)).float().expand(50, 2), exact)
    checks.mean_equals("x", torch.zeros(50), 0.0)
    message = message_of(checks.mean_equals, "x", (exact * (1 + 1e-4)).expand(50, 2), exact)
    assert "the same in every repetition" in message and "is every random number drawn from" in message
    assert "standard errors off" not in message


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
    with pytest.raises(ValueError, match="reference that varies"):
        checks.variance_reduced("x", torch.ones(50), torch.ones(50), factor=1)
