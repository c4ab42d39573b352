"""Bounds on mutual information, against discrete channels that are known exactly and distributions of torch."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Categorical, Normal

from dgm_helpers import checks
from dgm_helpers.objectives.mutual_information import (
    channel_information,
    channel_information_bound,
    channel_posterior,
    info_lower_bound_categorical,
    info_lower_bound_continuous,
)

seeds = st.integers(0, 10_000)


def random_channel(codes, outcomes, seed, sharpness=2.0):
    generator = torch.Generator().manual_seed(seed)
    draws = torch.randn(codes, outcomes + 1, generator=generator, dtype=torch.float64)
    return draws[:, -1].softmax(0), (sharpness * draws[:, :-1]).softmax(-1)


@given(st.integers(1, 6), st.integers(1, 6), seeds)
def test_the_information_of_a_channel_is_its_definition(codes, outcomes, seed):
    prior, channel = random_channel(codes, outcomes, seed)
    marginal, total = prior @ channel, 0.0
    for c in range(codes):
        for x in range(outcomes):
            total += float(prior[c] * channel[c, x] * (channel[c, x] / marginal[x]).log())
    assert channel_information(prior, channel).item() == pytest.approx(total, abs=1e-10)
    entropy = Categorical(prior).entropy().item()
    assert -1e-10 <= channel_information(prior, channel).item() <= min(entropy, math.log(outcomes)) + 1e-10


def test_a_noiseless_channel_conveys_the_code_and_a_useless_one_nothing():
    uniform = torch.full((10,), 0.1, dtype=torch.float64)
    identity = torch.eye(10, dtype=torch.float64)
    assert channel_information(uniform, identity).item() == pytest.approx(math.log(10), abs=1e-12)
    assert channel_information(uniform, torch.full_like(identity, 0.1)).item() == pytest.approx(0, abs=1e-12)


@given(st.integers(2, 6), st.integers(1, 6), seeds)
def test_the_bound_holds_for_any_q_and_is_attained_by_the_posterior_alone(codes, outcomes, seed):
    prior, channel = random_channel(codes, outcomes, seed)
    exact, posterior = channel_information(prior, channel), channel_posterior(prior, channel)
    torch.testing.assert_close(channel_information_bound(prior, channel, posterior), exact)
    _, other = random_channel(outcomes, codes, seed + 1)
    gap = exact - channel_information_bound(prior, channel, other.T)
    divergence = ((prior @ channel) * (posterior * (posterior / other.T).log()).sum(0)).sum()
    torch.testing.assert_close(gap, divergence)
    assert gap > 0


@given(st.integers(2, 5), st.integers(1, 5), seeds)
def test_the_categorical_bound_averages_to_the_channels(codes, outcomes, seed):
    """All pairs (c, x) enumerated, each with its probability: no sampling."""
    prior, channel = random_channel(codes, outcomes, seed)
    _, q = random_channel(outcomes, codes, seed + 1)
    c, x = torch.cartesian_prod(torch.arange(codes), torch.arange(outcomes)).T
    # Logits are defined up to a constant a row.
    logits = q.log()[x] + torch.arange(len(x), dtype=torch.float64)[:, None]
    values = info_lower_bound_categorical(logits, c, prior)
    expected = channel_information_bound(prior, channel, q.T)
    torch.testing.assert_close((prior[c] * channel[c, x] * values).sum(), expected)


def test_the_prior_of_the_code_is_uniform_unless_given(generator):
    logits = torch.randn(8, 5, generator=generator, dtype=torch.float64)
    category = torch.arange(8) % 5
    uniform = torch.full((5,), 0.2, dtype=torch.float64)
    values = info_lower_bound_categorical(logits, category)
    torch.testing.assert_close(values, info_lower_bound_categorical(logits, category, uniform))
    torch.testing.assert_close(values, Categorical(logits=logits).log_prob(category) + math.log(5))


def test_the_continuous_bound_is_that_of_torchs_gaussian(generator):
    mu, log_sigma, code = torch.randn(3, 6, 2, generator=generator, dtype=torch.float64)
    expected = Normal(mu, log_sigma.exp()).log_prob(code).sum(-1)
    torch.testing.assert_close(info_lower_bound_continuous(mu, log_sigma, code), expected + 2 * math.log(2))
    wide = info_lower_bound_continuous(mu, log_sigma, code, width=6.0)
    torch.testing.assert_close(wide, expected + 2 * math.log(6))


def test_the_continuous_bound_stays_below_the_information_of_a_noisy_code(generator):
    """c uniform on (-1, 1), x = c + U(-h, h): h(x) - h(x|c) = h/2 nats + log(1/h) for h < 1, in closed form.

    The best Gaussian at the posterior's mean and width is below it; false alarms 1e-6.
    """
    h, n = 0.1, 40_000
    exact = h / 2 - math.log(h)
    c = 2 * torch.rand(n, generator=generator, dtype=torch.float64) - 1
    x = c + h * (2 * torch.rand(n, generator=generator, dtype=torch.float64) - 1)
    low, high = (x - h).clamp(min=-1), (x + h).clamp(max=1)
    mu, log_sigma = (low + high) / 2, ((high - low) / math.sqrt(12)).log()
    values = info_lower_bound_continuous(mu[:, None], log_sigma[:, None], c[:, None])
    # The posterior is uniform on (low, high); a Gaussian of its moments misses it by KL = log(2 pi e / 12) / 2.
    gap = 0.5 * math.log(2 * math.pi * math.e / 12)
    checks.mean_equals("bound", values, torch.tensor(exact - gap))
    assert values.mean() < exact


def test_bounds_are_float32_at_least():
    half = torch.tensor([[300.0, -300.0]], dtype=torch.bfloat16)
    values = [
        info_lower_bound_categorical(half, torch.tensor([1])),
        info_lower_bound_continuous(half / 300, half / 100, half / 300),
    ]
    assert all(value.dtype == torch.float32 and torch.isfinite(value).all() for value in values)
    assert values[0].item() == pytest.approx(-600 + math.log(2))


@pytest.mark.parametrize(
    ("prior", "channel", "q", "message"),
    [
        ([0.5, 0.6], [[1.0], [1.0]], [[0.5], [0.5]], "^prior must be probabilities"),
        ([0.5, 0.5], [[1.0], [0.9]], [[0.5], [0.5]], "^each row of channel must be probabilities"),
        ([0.5, 0.5], [[1.0], [1.0]], [[1.5], [-0.5]], "^each column of q must be probabilities"),
    ],
)
def test_numbers_that_are_not_probabilities_are_refused(prior, channel, q, message):
    with pytest.raises(ValueError, match=message):
        channel_information_bound(torch.tensor(prior), torch.tensor(channel), torch.tensor(q))


def test_codes_on_no_interval_are_told():
    with pytest.raises(ValueError, match=r"^width must be positive, got 0"):
        info_lower_bound_continuous(*torch.zeros(3, 1, 1), width=0.0)
