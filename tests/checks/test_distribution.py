"""The check of a sampler's distribution: its false-alarm rate, its power, and what it says."""

import pytest
import torch
from scipy import stats

from dgm_helpers import checks

ROWS, COORDINATES = 200, 3


def normal(generator, *shape):
    return torch.randn(*(shape or (ROWS, COORDINATES)), generator=generator, dtype=torch.float64)


def uniform(generator, *shape):
    return torch.rand(*(shape or (ROWS, COORDINATES)), generator=generator, dtype=torch.float64)


def cauchy(generator, *shape):
    return normal(generator, *shape) / normal(generator, *shape)


def one(noise, replaced):
    """Noise with another coordinate 1."""
    return torch.stack([noise[:, 0], replaced, noise[:, 2]], dim=1)


def halves(half, other, dim=0):
    return torch.cat([half, other], dim=dim)


WRONG = {
    "a uniform variable": lambda g: (2 * uniform(g) - 1) * 3**0.5,
    "a sign": lambda g: normal(g).sign(),
    "Cauchy noise": cauchy,
    "Cauchy noise in one coordinate": lambda g: one(normal(g), cauchy(g, ROWS)),
    "repeated rows": lambda g: halves(h := normal(g, ROWS // 2, 3), h),
    "mirrored noise": lambda g: halves(h := normal(g, ROWS // 2, 3), -h),
    "mirrored backwards": lambda g: halves(h := normal(g, ROWS // 2, 3), -h.flip(0)),
    "mirrored row by row": lambda g: torch.stack([h := normal(g, ROWS // 2, 3), -h], dim=1).flatten(0, 1),
    "mirrored in one coordinate": lambda g: one(n := normal(g), halves(n[:100, 1], -n[:100, 1])),
    "opposite coordinates": lambda g: one(n := normal(g), -n[:, 0]),
    "two equal coordinates": lambda g: one(n := normal(g), n[:, 0]),
    "equal sizes, independent signs": lambda g: one(n := normal(g), n[:, 0].abs() * normal(g, ROWS).sign()),
    "noise shared by the rows": lambda g: normal(g, 1, 3).expand(ROWS, 3),
    "noise shared by the coordinates": lambda g: normal(g, ROWS, 1).expand(ROWS, 3),
    "the row before's noise": lambda g: one(n := normal(g), n[:, 0].roll(1)),
    "a shifted coordinate": lambda g: one(n := normal(g), n[:, 1] + 0.8),
    "a scaled coordinate": lambda g: one(n := normal(g), n[:, 1] * 1.8),
    "a shrunk coordinate": lambda g: one(n := normal(g), n[:, 1] / 1.8),
    "a shift": lambda g: normal(g) + 0.5,
    "a scale": lambda g: normal(g) * 1.4,
    "a smaller scale": lambda g: normal(g) / 1.4,
}


def found(samples, **options) -> bool:
    try:
        checks.follows("noise", samples, **options)
    except checks.CheckFailed:
        return True
    return False


@pytest.mark.parametrize("mistake", WRONG)
def test_each_wrong_sampler_is_found(mistake, generator):
    assert all(found(WRONG[mistake](generator)) for _ in range(20))


@pytest.mark.simulation
@pytest.mark.parametrize("mistake", WRONG)
def test_each_wrong_sampler_is_found_with_the_stated_power(mistake, generator):
    # At a power of 0.999 more than 3 misses in 200 have probability 6e-5.
    assert sum(not found(WRONG[mistake](generator)) for _ in range(200)) <= 3


def test_right_samplers_raise_no_alarm(generator):
    for _ in range(50):
        assert not found(normal(generator))
        assert not found(normal(generator, 150, 4, 1, 2).float())
        assert not found(uniform(generator, 300), distribution="uniform")
        assert not found(torch.logit(uniform(generator, 100, 2)), distribution="logistic")
        assert not found(-(1 - uniform(generator)).log(), distribution=lambda x: 1 - torch.exp(-x))


@pytest.mark.simulation
@pytest.mark.parametrize("shape", [(100,), (150, 2, 2)])
def test_the_false_alarm_rate_is_below_the_stated_one(shape, generator):
    trials, rate = 400, 0.05
    alarms = sum(found(normal(generator, *shape), false_alarm_rate=rate) for _ in range(trials))
    # Too many alarms by chance: probability below 1e-6.
    assert stats.binom.sf(alarms - 1, trials, rate) > 1e-6, f"{alarms} alarms"


def test_mean_and_deviation_may_differ_from_entry_to_entry(generator, capsys):
    mean, deviation = torch.linspace(-9, 9, 600).view(200, 3), torch.tensor([0.1, 1.0, 10.0])
    samples = mean + deviation * normal(generator)
    checks.follows("z", samples, mean=mean, deviation=deviation)
    assert capsys.readouterr().out == "✓ z: 600 values have the exact distribution and are independent\n"
    assert found(samples.roll(1, dims=0), mean=mean, deviation=deviation)
    assert found(one(samples, samples[:, 1].roll(1)), mean=9 * mean, deviation=deviation)


def test_values_outside_of_the_support_are_found_and_its_end_is_not(generator):
    samples = uniform(generator)
    samples[0, 0] = 0.0  # as torch.rand in float32 returns it once in 2**24 times
    assert not found(samples, distribution="uniform")
    samples[0, 0] = -1e-3
    assert found(samples, distribution="uniform")


@pytest.mark.parametrize("side", [1, -1])
def test_many_values_far_outside_of_the_support_are_found(generator, side):
    samples = uniform(generator, 20_000, 2)
    samples[:, 0] += 5 * side
    assert found(samples, distribution="uniform")


def message_of(samples, **options) -> str:
    with pytest.raises(checks.CheckFailed) as failure:
        checks.follows("noise", samples, **options)
    return str(failure.value)


def test_messages_say_what_is_wrong_and_where(generator):
    message = message_of(one(normal(generator), 9 + normal(generator, ROWS)), hint="look at μ.")
    assert "noise: not drawn from the right distribution: " in message and message.endswith("look at μ.")
    assert "  coordinate [1]: mean " in message and "standard deviation" in message
    noise = normal(generator)
    message = message_of(one(noise, noise[:, 0].roll(1)), hint="look at μ.")
    assert "noise: its entries depend on each other\n  coordinates [0] and [1], in adjacent rows" in message
    assert message.endswith("Hint: draw new noise for every entry, independent of all others.")
    assert "do coordinates share their noise?" in message_of(one(noise, -noise[:, 0]))
    message = message_of(noise[:1].expand(200, 3))
    assert "values are repeated\n  600 of 600 values appear more than once" in message
    half = normal(generator, 500)
    assert "values, in rows mirrored at the middle: correlation" in message_of(halves(half, -half.flip(0)))


@pytest.mark.parametrize("samples", [None, "x", [float("nan")] * 200], ids=str)
def test_what_is_not_a_finite_number_is_refused(samples):
    assert found(samples)


@pytest.mark.parametrize(
    ("shape", "message"), [((99, 2), "at least 100 rows"), ((100, 1025), "at most 1024"), ((), "100 rows")]
)
def test_samples_that_cannot_be_tested_are_the_tests_own_fault(shape, message):
    with pytest.raises(ValueError, match=message):
        checks.follows("noise", torch.zeros(shape))


def test_an_unknown_distribution_is_refused():
    with pytest.raises(ValueError, match="must be one of normal, uniform, logistic; got 'laplace'"):
        checks.follows("noise", torch.zeros(100), "laplace")


def test_two_calls_with_one_generator_differ(generator, capsys):
    checks.independent_calls("sample", normal(generator, 4, 3), normal(generator, 4, 3))
    checks.independent_calls("sample", normal(generator, 1), normal(generator, 1).tolist())
    checks.independent_calls("sample", normal(generator, 300).float(), normal(generator, 300).float())
    line = "✓ sample: two calls with one generator draw different numbers\n"
    assert capsys.readouterr().out == 3 * line


def test_a_part_with_a_constant_seed_is_found(generator):
    first, second = normal(generator, 5, 3), normal(generator, 5, 3)
    for part, where in (
        (..., "give equal results"),
        ((slice(None), 1), "equal numbers at index 1 of axis 1"),
        (3, "equal numbers at index 3 of axis 0"),
        ((slice(0, 2), 1), "2 of 15 numbers are equal"),
    ):
        other = second.clone()
        other[part] = first[part]
        with pytest.raises(checks.CheckFailed, match=where):
            checks.independent_calls("sample", first, other)
    with pytest.raises(checks.CheckFailed, match="give opposite results"):
        checks.independent_calls("sample", first, -first)
    with pytest.raises(checks.CheckFailed, match="give equal results"):
        checks.independent_calls("sample", 1.5, 1.5)
    with pytest.raises(checks.CheckFailed, match="wrong shape"):
        checks.independent_calls("sample", first, second[:4])
    with pytest.raises(ValueError, match="must have at least one entry, got shape"):
        checks.independent_calls("sample", [], [])
