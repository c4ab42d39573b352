"""Codes beside classes and factors, against permutations that are known and scipy's Spearman correlation."""

import itertools

import pytest
import torch
from scipy import stats

from dgm_helpers.metrics.code_factors import assigned, best_matching, head_correlations, rank_correlations


def test_a_relabeled_code_is_matched_perfectly(generator):
    labels = torch.randint(6, (300,), generator=generator)
    permutation = torch.randperm(6, generator=generator)
    matching = best_matching(permutation[labels], labels, 6)
    assert torch.equal(matching[permutation], torch.arange(6))


def test_no_other_matching_agrees_more_often(generator):
    labels, categories = torch.randint(4, (2, 100), generator=generator)
    agreeing = (best_matching(categories, labels, 4)[categories] == labels).sum()
    others = [(torch.tensor(p)[categories] == labels).sum() for p in itertools.permutations(range(4))]
    assert agreeing == max(others) and max(others) > min(others)


def test_correlations_are_scipys_with_ties_too(generator):
    codes = torch.randn(80, 3, generator=generator, dtype=torch.float64)
    factors = torch.stack(
        [codes[:, 1].exp(), (2 * codes[:, 0]).round(), -(codes[:, 2] ** 3) + codes[:, 0]], dim=1
    )
    table = rank_correlations(codes, factors)
    for i, j in itertools.product(range(3), range(3)):
        assert table[i, j].item() == pytest.approx(stats.spearmanr(codes[:, i], factors[:, j]).statistic)
    assert table[1, 0].item() == pytest.approx(1)
    assert [(i, j) for i, j, _ in assigned(table)] == [(0, 1), (1, 0), (2, 2)]
    assert assigned(table)[2][2] < 0


def test_a_code_that_does_not_vary_has_no_correlation():
    codes = torch.stack([torch.ones(5), torch.arange(5.0)], dim=1)
    table = rank_correlations(codes, torch.arange(5.0)[:, None])
    assert table[0].isnan().all() and table[1, 0] == 1


def test_what_is_plain_to_see_in_a_head_correlates_with_what_it_was_rendered_from():
    """The right half less the left is as bright as the light stands to the right; the mean says little of that."""

    def codes_of(x):
        left, right = x.unflatten(-1, (2, 16)).mean((1, 2, 4)).unbind(1)
        return torch.stack([right - left, right + left], dim=1)

    table = head_correlations(codes_of, 200)
    assert table.shape == (2, 4) and table[0, 2] > 0.8 and table[1, 2].abs() < 0.5


def test_the_seed_draws_the_heads():
    def codes_of(x):
        return x.flatten(1)[:, 500:502]

    one, same, other = (head_correlations(codes_of, 20, seed) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
