"""The oracles of lecture 08 against the library, which computes the same in other ways."""

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.exercises import elbo_surgery as check
from dgm_helpers.exercises import elbo_surgery_oracles as oracles
from dgm_helpers.objectives import surgery


@pytest.fixture
def codes():
    draw = torch.Generator().manual_seed(0)
    mu, log_sigma = oracles.encoders(draw, 5, 2)
    return surgery.sample_encoders(mu, log_sigma, 4, draw), mu, log_sigma


@pytest.mark.parametrize(("data", "latent", "batch"), [(5, 2, 4), (2, 4, 1), (1, 1, 3)])
def test_three_forms_are_the_librarys(data, latent, batch):
    draw = torch.Generator().manual_seed(1)
    model = oracles.linear_vae(draw, data, latent)
    x = torch.randn(batch, data, generator=draw, dtype=torch.float64)
    torch.testing.assert_close(oracles.three_forms(model, x), surgery.elbo_three_ways(model, x).detach())


def test_the_four_numbers_are_the_librarys(codes):
    z, mu, log_sigma = codes
    marginal, information = oracles.sample_terms(*codes)
    found = (oracles.average_kl(mu, log_sigma), marginal.mean(), information.mean(), oracles.z_score(*codes))
    assert [float(one) for one in found] == pytest.approx(surgery.verify_surgery(z, mu, log_sigma))


def test_chosen_sweeps_have_large_z_scores_of_both_signs(codes):
    _, mu, log_sigma = codes
    for seed in range(20):
        for high in (True, False):
            draw = torch.Generator().manual_seed(seed)
            z = oracles.chosen_sweeps(draw, mu, log_sigma, 2, high=high)
            assert z.shape == (2, 5, 2)
            assert (1 if high else -1) * oracles.z_score(z, mu, log_sigma) > 0.5


def information(z, mu, log_sigma):
    return oracles.sample_terms(z, mu, log_sigma)[1].mean()


def marginal_kl(z, mu, log_sigma, prior):
    return (oracles.log_mixture(z, mu, log_sigma) - prior.log_prob(z)).mean()


def four_numbers(z, mu, log_sigma):
    marginal, information = oracles.sample_terms(z, mu, log_sigma)
    z_score = oracles.z_score(z, mu, log_sigma)
    return oracles.average_kl(mu, log_sigma), marginal.mean(), information.mean(), z_score


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_oracles_pass_and_every_mistake_can_match(seed, monkeypatch):
    monkeypatch.setenv("DGM_CHECK_SEED", seed)
    with checks.unmatchable_mistakes() as found:
        check.elbo_forms_one_and_three(oracles.three_forms)
        check.elbo_form_two(oracles.three_forms)
        check.aggregated_posterior_log_prob(oracles.log_mixture)
        check.index_mutual_information(information)
        check.information_limits(information)
        check.marginal_kl(marginal_kl)
        check.surgery_terms(four_numbers)
        check.surgery_z_score(four_numbers)
    assert found == []


@pytest.mark.parametrize("error", ["pooled", "uncorrected", "no covariance"])
def test_a_wrong_standard_error_fails(error):
    def wrong(z, mu, log_sigma):
        *terms, z_score = four_numbers(z, mu, log_sigma)
        marginal, information = oracles.sample_terms(z, mu, log_sigma)
        both, count = marginal + information, len(z)
        right = both.mean(dim=1).std() / count**0.5
        other = {
            "pooled": both.std() / both.numel() ** 0.5,
            "uncorrected": right * ((count - 1) / count) ** 0.5,
            "no covariance": (marginal.mean(dim=1).var() + information.mean(dim=1).var()).div(count).sqrt(),
        }[error]
        return *terms, z_score * right / other

    with pytest.raises(checks.CheckFailed, match="z-scores: 6 of 6 values are wrong"):
        check.surgery_z_score(wrong)
