"""The check of drawn outcomes: its false-alarm rate, its power, and what it says."""

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.checks.frequencies import critical_value, pearson

EXACT = torch.tensor([0.5, 0.3, 0.15, 0.05])


def draw(probabilities, n, generator):
    return torch.multinomial(probabilities, n, replacement=True, generator=generator)


def test_correct_draws_pass(generator, capsys):
    checks.frequencies("die", draw(EXACT, 2000, generator), EXACT)
    assert capsys.readouterr().out == "✓ die: 2000 draws have the exact distribution over 4 outcomes\n"


@pytest.mark.parametrize("outcomes", [4, 81])
def test_the_rate_of_false_alarms_is_far_below_the_nominal_one_allowed_for(outcomes, generator):
    # 20,000 correct samplers at a stated rate of 1e-2, of which the allowance leaves 1e-4: two expected. More than 14
    # have probability 1e-8; rare outcomes, expected 10 times each, are where the approximation is worst.
    torch.manual_seed(generator.initial_seed() % 2**32)
    exact = torch.rand(outcomes).double().pow(3) + 1e-3
    exact, n = exact / exact.sum(), 1000
    counts = torch.distributions.Multinomial(n, exact).sample((20_000,))
    results = (pearson(row, exact) for row in counts)
    assert sum(value > critical_value(degrees, 1e-2) for value, degrees in results) <= 14


def test_the_power_is_that_of_the_noncentral_chi_square(generator):
    # 20,000 draws from a distribution whose probabilities are 10 % off: found every time of 200.
    wrong = EXACT * torch.tensor([1.1, 0.9, 0.9, 0.9])
    for _ in range(200):
        with pytest.raises(checks.CheckFailed, match="drawn from another distribution"):
            checks.frequencies("die", draw(wrong, 20_000, generator), EXACT)


def test_the_message_names_the_worst_outcome_and_the_mistake(generator):
    mistakes = {"another": torch.ones(4) / 4, "a die that is always 2": torch.tensor([0.0, 0, 1, 0])}
    with pytest.raises(checks.CheckFailed, match="outcome 2: expected 15 of 100 draws, got 100") as raised:
        checks.frequencies("die", torch.full((100,), 2), EXACT, mistakes=mistakes)
    assert str(raised.value).endswith("Hint: looks like a die that is always 2")
    with pytest.raises(checks.CheckFailed, match="looks like another"):
        checks.frequencies("die", draw(torch.ones(4), 2000, generator), EXACT, mistakes=mistakes)


@pytest.mark.parametrize("bad", [[0.5, 1.0], [[0, 1]], [4.0], [-1.0], None, [float("nan")]], ids=str)
def test_what_is_no_outcome_is_refused(bad):
    with pytest.raises(checks.CheckFailed):
        checks.frequencies("die", bad, EXACT)


def test_an_impossible_outcome_is_an_error_of_the_sampler():
    with pytest.raises(checks.CheckFailed, match="outcome 1"):
        checks.frequencies("die", [0] * 50 + [1] + [2] * 50, torch.tensor([0.5, 0, 0.5]))


def test_too_few_draws_are_refused():
    with pytest.raises(ValueError, match=r"^10 draws are too few"):
        checks.frequencies("die", torch.zeros(10), EXACT)
