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
        with pytest.raises(checks.CheckFailed, match="not drawn from the right distribution"):
            checks.frequencies("die", draw(wrong, 20_000, generator), EXACT)


def test_the_message_names_the_worst_outcome_and_the_mistake(generator):
    mistakes = {"another": torch.ones(4) / 4, "a die that is always 2": torch.tensor([0.0, 0, 1, 0])}
    with pytest.raises(checks.CheckFailed, match="outcome 2: expected 15 of 100 draws, got 100") as raised:
        checks.frequencies("die", torch.full((100,), 2), EXACT, mistakes=mistakes)
    assert str(raised.value).endswith("Hint: looks like a die that is always 2")
    with pytest.raises(checks.CheckFailed, match="looks like another"):
        checks.frequencies("die", draw(torch.ones(4), 2000, generator), EXACT, mistakes=mistakes)


@pytest.mark.parametrize("bad", [[0.5, 1.0], [[[0, 1]]], [4.0], [-1.0], None, [float("nan")]], ids=str)
def test_what_is_no_outcome_is_refused(bad):
    with pytest.raises(checks.CheckFailed):
        checks.frequencies("die", bad, EXACT)


def test_an_impossible_outcome_is_an_error_of_the_sampler():
    with pytest.raises(checks.CheckFailed, match="outcome 1"):
        checks.frequencies("die", [0] * 50 + [1] + [2] * 50, torch.tensor([0.5, 0, 0.5]))


def test_too_few_draws_are_refused():
    with pytest.raises(ValueError, match=r"^10 draws are too few"):
        checks.frequencies("die", torch.zeros(10), EXACT)


THIRDS = torch.tensor([0.5, 0.25, 0.25])


def batches(generator, count=100, n=6, exact=THIRDS):
    return draw(exact, count * n, generator).view(count, n)


def shuffled(generator):
    """Balanced counts in each batch: 4, 2 and 2 of 8, in random order."""
    order = torch.rand(200, 8, generator=generator).argsort(dim=1)
    return torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])[order]


DEPENDENT = {
    "balanced": shuffled,
    "every batch the same": lambda g: batches(g, 1, 400).expand(100, 400),
    "each batch twice": lambda g: batches(g, 100).repeat_interleave(2, dim=0),
    "second half repeated": lambda g: batches(g, 100).repeat(2, 1),
    "two equal columns": lambda g: batches(g, 200)[:, [0, 1, 2, 3, 4, 1]],
    "shared by a batch": lambda g: batches(g, 200, 1).expand(200, 6),
    "the batch before's draw": lambda g: torch.cat([(x := batches(g, 200, 1)), x.roll(1, dims=0)], dim=1),
}


def found(outcomes, exact=THIRDS, **options) -> bool:
    try:
        checks.frequencies("die", outcomes, exact, **options)
    except checks.CheckFailed:
        return True
    return False


def test_independent_batches_pass(generator, capsys):
    checks.frequencies("die", batches(generator), THIRDS)
    line = "✓ die: 600 draws have the exact distribution over 3 outcomes, and are independent\n"
    assert capsys.readouterr().out == line
    for exact in (torch.tensor([0.5, 0.5]), torch.ones(4) / 4, torch.tensor([0.9, 0.06, 0.04, 0.0])):
        for n in (1, 7):
            assert not any(found(batches(generator, 300, n, exact), exact) for _ in range(20))


@pytest.mark.parametrize("mistake", DEPENDENT)
def test_draws_that_are_not_independent_are_found(mistake, generator):
    assert all(found(DEPENDENT[mistake](generator)) for _ in range(20))


@pytest.mark.simulation
@pytest.mark.parametrize("mistake", DEPENDENT)
def test_dependent_draws_are_found_with_the_stated_power(mistake, generator):
    # At a power of 0.999 more than 3 misses in 300 have probability 3e-4.
    assert sum(not found(DEPENDENT[mistake](generator)) for _ in range(300)) <= 3


@pytest.mark.simulation
def test_the_rate_for_batches_is_below_the_stated_one(generator):
    # 500 right samplers at a stated rate of 0.05: more than 50 alarms have probability 1e-6.
    assert sum(found(batches(generator), false_alarm_rate=0.05) for _ in range(500)) <= 50


def test_the_message_says_how_counts_vary_and_which_draws_depend(generator):
    with pytest.raises(checks.CheckFailed, match="counts vary too little from batch to batch") as raised:
        checks.frequencies("die", shuffled(generator), THIRDS)
    assert "their variance is 0 times the right one" in str(raised.value)
    outcomes = torch.cat([(x := batches(generator, 200, 1)), x.roll(1, dims=0)], dim=1)
    with pytest.raises(checks.CheckFailed, match="draws 0 and 1 in adjacent batches: correlation"):
        checks.frequencies("die", outcomes, THIRDS)


def test_too_few_batches_are_refused():
    with pytest.raises(ValueError, match="at least 100 batches, got 99"):
        checks.frequencies("die", torch.tensor([0, 1]).expand(99, 2), torch.tensor([0.5, 0.5]))
