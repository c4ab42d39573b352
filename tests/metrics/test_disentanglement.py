"""Scores of codes whose score is known: perfect, noise, and codes that lack factors."""

import inspect
import math

import pytest
import torch

from dgm_helpers.data import Factors, Sprites
from dgm_helpers.metrics import disentanglement as metric

FACTORS = Factors(("a", "b", "c", "d", "e"), (3, 6, 10, 16, 16))
SIZES = torch.tensor(FACTORS.sizes).float()
Z_DIFF = {"train_points": 600, "test_points": 600, "pairs": 32}
VOTE = {"train_votes": 1_000, "test_votes": 1_000, "samples": 48}


def perfect(values):
    return values / (SIZES - 1)


def lacking(*factors):
    kept = [i for i in range(5) if i not in factors]
    return lambda values: perfect(values)[:, kept]


def noise(values):
    return torch.randn(len(values), 5, generator=torch.Generator().manual_seed(int(values.sum())))


def within(score, expected, points):
    """Five binomial standard deviations: a false alarm has probability 6e-7."""
    assert abs(score - expected) <= 5 * math.sqrt(expected * (1 - expected) / points) + 1e-9


def both(codes, generator):
    return (
        metric.z_diff_score(FACTORS, codes, **Z_DIFF, generator=generator),
        metric.majority_vote_score(FACTORS, codes, **VOTE, generator=generator),
    )


@pytest.mark.parametrize("sign", [1.0, -3.0])
def test_a_perfect_code_scores_one_in_any_order_and_scale(sign, generator):
    order = torch.tensor([3, 0, 4, 2, 1])
    assert both(lambda values: sign * perfect(values)[:, order], generator) == (1.0, 1.0)


def test_noise_scores_chance(generator):
    z_diff, vote = both(noise, generator)
    within(z_diff, 0.2, 600)
    within(vote, 0.2, 1_000)


def test_a_code_that_lacks_one_factor_loses_its_votes_and_nothing_else(generator):
    z_diff, vote = both(lacking(2), generator)
    # No dimension stands still: that too shows a linear classifier which factor was fixed.
    assert z_diff == 1.0
    within(vote, 4 / 5, 1_000)


def test_a_code_that_lacks_two_factors_leaves_them_to_be_guessed(generator):
    z_diff, vote = both(lacking(2, 4), generator)
    within(z_diff, 4 / 5, 600)
    within(vote, 3 / 5, 1_000)


def test_a_rotated_code_is_not_disentangled(generator):
    turn = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    _, vote = both(lambda values: perfect(values) @ turn, generator)
    assert vote < 0.9


def test_dimensions_that_collapsed_have_no_vote(generator):
    def codes(values):
        tiny = 1e-3 * noise(values)[:, :2]
        return torch.cat([tiny, perfect(values)], dim=1)

    assert metric.majority_vote_score(FACTORS, codes, **VOTE, generator=generator) == 1.0
    dead = metric.majority_vote_score(FACTORS, lambda v: 0 * perfect(v), **VOTE, generator=generator)
    assert dead == pytest.approx(1 / 5)


def test_votes_do_not_depend_on_the_scale_of_a_dimension():
    scales = torch.tensor([100.0, 0.2, 1.0, 30.0, 0.5])
    first, second = (
        metric.majority_vote_score(FACTORS, codes, **VOTE, generator=torch.Generator().manual_seed(0))
        for codes in (lacking(1), lambda values: lacking(1)(values) * scales[:4])
    )
    assert first == second


def test_pairs_share_the_chosen_factor_and_no_other(generator):
    features, fixed = metric.z_diff_batch(FACTORS, perfect, 200, 16, generator)
    assert features.shape == (200, 5) and set(fixed.tolist()) == set(range(5))
    still = features == 0
    assert torch.equal(still.float().argmax(dim=1), fixed) and (still.sum(dim=1) == 1).all()
    # The mean distance of two uniform values on n points from 0 to 1 is (n + 1) / (3 n).
    wanted = (SIZES + 1) / (3 * SIZES)
    mean = features.sum(dim=0) / (~still).sum(dim=0)
    torch.testing.assert_close(mean, wanted, rtol=0, atol=0.05)


def test_a_table_of_the_grid_gives_what_rendering_gives(generator):
    class Small(Sprites):
        """Sprites with few values."""

        def __init__(self):
            super().__init__(size=8)
            self.factors = Factors(self.factors.names, (3, 2, 2, 3, 3))

    renderer = Small()
    weights = torch.randn(64, 3, generator=generator)

    def encoder(pictures):
        return pictures.flatten(1) @ weights

    table = metric.encode_grid(renderer, encoder, batch_size=50)
    values = renderer.factors.sample(40, generator)
    looked_up = metric.grid_codes(renderer.factors, table)(values)
    torch.testing.assert_close(looked_up, metric.rendered_codes(renderer, encoder)(values))
    with pytest.raises(ValueError, match="table must have 108 rows, one per row of the grid, got 107"):
        metric.grid_codes(renderer.factors, table[:-1])


def test_what_cannot_be_scored_is_told(generator):
    with pytest.raises(ValueError, match="pairs must be at least 1, got 0"):
        metric.z_diff_batch(FACTORS, perfect, 3, 0, generator)
    with pytest.raises(ValueError, match="samples must be at least 2 to have a variance, got 1"):
        metric.least_varying_batch(FACTORS, perfect, torch.ones(5), 3, 1, generator)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_code_that_is_not_finite_has_no_score(bad, generator):
    def codes(values):
        return perfect(values).masked_fill(torch.eye(5, dtype=torch.bool)[3], bad)

    for score, few in ((metric.z_diff_score, Z_DIFF), (metric.majority_vote_score, VOTE)):
        with pytest.raises(
            ValueError, match=r"^codes must be finite, got NaN or infinity: the encoder has diverged$"
        ):
            score(FACTORS, codes, **few, generator=generator)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.int64])
def test_codes_of_any_type_are_scored_in_float32(dtype):
    def codes(values):
        return (100 * perfect(values)).to(dtype)

    for typed in (codes, lambda values: codes(values).float()):
        assert both(typed, torch.Generator().manual_seed(0)) == (1.0, 1.0)


def test_one_factor_alone_is_told(generator):
    with pytest.raises(ValueError, match=r"^the score compares factors: it needs at least two, got 1$"):
        metric.z_diff_score(Factors(("a",), (3,)), lambda values: values.float(), generator=generator)


def test_variances_are_in_units_of_each_dimension():
    """No dimension stands still here, so that which one varies least is a matter of its unit."""
    scales = torch.tensor([100.0, 0.2, 1.0, 30.0, 0.5])

    def codes(values):
        return perfect(values) + 0.3 * noise(values)

    draws = [
        metric.least_varying_batch(FACTORS, function, scale, 200, 16, torch.Generator().manual_seed(0))
        for function, scale in ((codes, torch.ones(5)), (lambda values: codes(values) * scales, scales))
    ]
    assert torch.equal(draws[0][0], draws[1][0]) and torch.equal(draws[0][1], draws[1][1])
    assert draws[0][0].unique().numel() == 5


def test_scores_are_of_new_points_with_the_published_settings(generator):
    asked = []

    def codes(values):
        asked.append(len(values))
        return perfect(values)

    metric.z_diff_score(FACTORS, codes, train_points=50, test_points=30, pairs=4, generator=generator)
    assert sum(asked) == 2 * (50 + 30) * 4
    asked.clear()
    metric.majority_vote_score(FACTORS, codes, train_votes=50, test_votes=30, samples=4, generator=generator)
    assert sum(asked) == 10_000 + (50 + 30) * 4
    # Those of disentanglement_lib.
    wanted = {"z_diff_score": {"train_points": 10_000, "test_points": 5_000, "pairs": 64},
              "majority_vote_score": {"train_votes": 10_000, "test_votes": 5_000, "samples": 64}}  # fmt: skip
    for name, settings in wanted.items():
        parameters = inspect.signature(inspect.unwrap(getattr(metric, name))).parameters
        assert {key: parameters[key].default for key in settings} == settings


def test_pictures_are_encoded_without_gradients():
    encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    codes = metric.rendered_codes(Sprites(size=8), encoder)
    assert not codes(torch.zeros(3, 5).long()).requires_grad
