"""The parts of ELBO surgery, against closed forms, sampling and numerical integration."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dgm_helpers.models.linear_vae import NOISES, LinearVAE
from dgm_helpers.models.priors import MixturePrior, StandardNormal
from dgm_helpers.objectives import surgery
from dgm_helpers.objectives.distributions import (
    gaussian_log_prob,
    gaussian_sample,
    kl_diagonal_gaussians,
    kl_to_standard_normal,
)

IDENTICAL, SEPARATED = 0.0, 60.0


def encoders(n, latent, spread, generator):
    mu = spread * torch.randn(n, latent, generator=generator, dtype=torch.float64)
    return mu, -0.7 + 0.4 * torch.randn(n, latent, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("data_dim", "latent_dim"), [(5, 2), (2, 4), (1, 1), (6, 3)])
def test_the_three_forms_of_the_elbo_agree(data_dim, latent_dim, noise, generator):
    # With as many data points as data dimensions a noise of one axis would pass for one of the other.
    model = LinearVAE(data_dim=data_dim, latent_dim=latent_dim, noise=noise).double().reset(generator)
    x = 2 * torch.randn(6, data_dim, generator=generator, dtype=torch.float64)
    terms = surgery.elbo_three_ways(model, x)
    torch.testing.assert_close(terms.sum(dim=1), model.elbo(x).expand(3, 6))


def test_the_terms_of_the_elbo_are_the_averages_over_samples(generator):
    model = LinearVAE(data_dim=4, latent_dim=3).double().reset(generator)
    x = model.sample(2, generator)
    terms = surgery.elbo_three_ways(model, x)
    mu, log_sigma = model.encode(x)
    z = gaussian_sample(mu.expand(200_000, 2, 3), log_sigma.expand(200_000, 2, 3), generator)
    log_joint = model.log_likelihood(x, z) + gaussian_log_prob(z, torch.zeros(3), torch.zeros(3))
    log_q = gaussian_log_prob(z, mu, log_sigma)
    for samples, exact in (
        (model.log_prob(x) - log_joint + log_q, -terms[0, 1]),  # log q(z|x) / p(z|x)
        (log_joint, terms[1, 0]),
        (-log_q, terms[1, 1]),
        (model.log_likelihood(x, z), terms[2, 0]),
    ):
        error = samples.std(dim=0) / len(samples) ** 0.5
        assert ((samples.mean(dim=0) - exact).abs() < 5.5 * error).all()


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 5, 3)])
def test_aggregated_posterior_is_the_log_of_the_mean_density(shape, generator):
    mu, log_sigma = encoders(5, 3, 1.0, generator)
    z = torch.randn(shape, generator=generator, dtype=torch.float64)
    naive = gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma).exp().mean(dim=-1).log()
    torch.testing.assert_close(surgery.aggregated_posterior_log_prob(z, mu, log_sigma), naive)


def test_aggregated_posterior_is_finite_where_every_density_underflows():
    mu, log_sigma = torch.zeros(4, 2), torch.zeros(4, 2)
    log_prob = surgery.aggregated_posterior_log_prob(torch.tensor([1e4, -1e4]), mu, log_sigma)
    assert log_prob.item() == pytest.approx(-1e8 - math.log(2 * math.pi))


def test_blocks_do_not_change_the_result(generator, monkeypatch):
    mu, log_sigma = encoders(6, 2, 1.0, generator)
    z = surgery.sample_encoders(mu, log_sigma, 7, generator)
    whole = surgery.encoder_log_probs(z, mu, log_sigma)
    monkeypatch.setattr(surgery, "LARGEST_BLOCK", 30)
    assert torch.equal(surgery.encoder_log_probs(z, mu, log_sigma), whole)


def test_each_sample_comes_from_its_own_encoder(generator):
    mu = torch.tensor([[0.0, 100.0], [-100.0, 0.0]])
    z = surgery.sample_encoders(mu, torch.zeros(2, 2), 50, generator)
    assert z.shape == (50, 2, 2)
    assert ((z - mu).abs() < 10).all()


@given(n=st.integers(1, 9), latent=st.integers(1, 4), spread=st.floats(0, 50), seed=st.integers(0, 2**32))
def test_information_keeps_its_bounds_for_any_samples(n, latent, spread, seed):
    generator = torch.Generator().manual_seed(seed)
    mu, log_sigma = encoders(n, latent, spread, generator)
    z = surgery.sample_encoders(mu, log_sigma, 2, generator)
    information = surgery.index_mutual_information(z, mu, log_sigma)
    assert -1e-12 <= information <= math.log(n) + 1e-12


@pytest.mark.parametrize(("gap", "expected"), [(IDENTICAL, 0.0), (SEPARATED, math.log(7))])
def test_information_in_the_limits(gap, expected, generator):
    mu = gap * torch.arange(7, dtype=torch.float64)[:, None].expand(7, 2)
    log_sigma = torch.zeros(7, 2, dtype=torch.float64)
    z = surgery.sample_encoders(mu, log_sigma, 5, generator)
    assert surgery.index_mutual_information(z, mu, log_sigma).item() == pytest.approx(expected, abs=1e-12)


def test_marginal_kl_of_identical_encoders_is_their_kl(generator):
    one, log_sigma = torch.tensor([[0.7]]).double().expand(5, 1), torch.full((5, 1), -0.5).double()
    prior = StandardNormal(latent_dim=1).double()
    exact = surgery.exact_surgery(one, log_sigma, prior)
    assert exact["marginal_kl"] == pytest.approx(kl_to_standard_normal(one, log_sigma)[0].item(), abs=1e-11)
    z = surgery.sample_encoders(one, log_sigma, 20_000, generator)
    found = surgery.marginal_kl(z, one, log_sigma, prior).item()
    assert found == pytest.approx(exact["marginal_kl"], abs=0.02)


@pytest.mark.parametrize(("latent", "tolerance"), [(1, 1e-10), (2, 1e-10)])
@pytest.mark.parametrize("spread", [0.0, 0.5, 2.0])
def test_integration_gives_the_closed_form_and_the_theorem(latent, tolerance, spread, generator):
    mu, log_sigma = encoders(6, latent, spread, generator)
    exact = surgery.exact_surgery(mu, log_sigma, StandardNormal(latent_dim=latent).double())
    closed = kl_to_standard_normal(mu, log_sigma).mean().item()
    assert exact["average_kl"] == pytest.approx(closed, abs=tolerance)
    assert exact["marginal_kl"] + exact["mutual_information"] == pytest.approx(closed, abs=tolerance)


def test_integration_with_a_prior_of_one_gaussian_gives_the_closed_form(generator):
    mu, log_sigma = encoders(4, 1, 1.0, generator)
    prior = MixturePrior(latent_dim=1, components=1).double()
    with torch.no_grad():
        prior.means.fill_(0.5)
        prior.log_sigmas.fill_(0.3)
        exact = surgery.exact_surgery(mu, log_sigma, prior)
        closed = kl_diagonal_gaussians(mu, log_sigma, prior.means, prior.log_sigmas).mean().item()
    assert exact["average_kl"] == pytest.approx(closed, abs=1e-11)


def test_estimates_agree_with_integration(generator):
    mu, log_sigma = encoders(5, 1, 1.5, generator)
    prior = StandardNormal(latent_dim=1).double()
    exact = surgery.exact_surgery(mu, log_sigma, prior)
    sweeps = surgery.sample_encoders(mu, log_sigma, 600, generator).split(1)
    marginal = torch.stack([surgery.marginal_kl(z, mu, log_sigma, prior) for z in sweeps])
    information = torch.stack([surgery.index_mutual_information(z, mu, log_sigma) for z in sweeps])
    for name, values in (("marginal_kl", marginal), ("mutual_information", information)):
        assert abs(values.mean() - exact[name]) < 5.5 * values.std() / 600**0.5, name


@pytest.mark.parametrize("spread", [IDENTICAL, 0.3, 1.0, 4.0, SEPARATED])
@pytest.mark.parametrize("latent", [1, 5])
def test_the_theorem_holds(spread, latent, generator):
    mu, log_sigma = encoders(8, latent, spread, generator)
    z = surgery.sample_encoders(mu, log_sigma, 150, generator)
    average_kl, marginal, information, z_score = surgery.verify_surgery(z, mu, log_sigma)
    assert average_kl == pytest.approx(kl_to_standard_normal(mu, log_sigma).mean().item())
    assert abs(z_score) < 5.5
    assert -1e-12 < information < math.log(8) + 1e-12
    assert marginal > -0.3


def z_scores(answers, generator, mixture_offset=0.0, error="sweeps", sweeps=150):
    """The z-scores of many answers to the exercise at once, written anew: for n = 6 encoders on a line."""
    mu = torch.linspace(-4, 4, 6)[:, None]
    log_sigma = torch.linspace(-2, -1.5, 6)[:, None]
    average_kl = kl_to_standard_normal(mu, log_sigma).mean().double()
    scores = []
    for block in torch.arange(answers).split(1000):
        shape = (len(block), sweeps, 6)
        z = gaussian_sample(mu[:, 0].expand(shape), log_sigma[:, 0].expand(shape), generator)
        log_q = torch.stack([-0.5 * ((z - m) / s.exp()) ** 2 - s for m, s in zip(mu, log_sigma, strict=True)])
        shares = log_q.softmax(dim=0)
        # log q(z) - log p(z) + log n - H[q(i|z)]; log n and log 2 pi cancel.
        values = log_q.logsumexp(dim=0) + z**2 / 2 - torch.special.entr(shares).sum(dim=0)
        values = values.double() + mixture_offset
        spread = values.mean(dim=2).std(dim=1) / sweeps**0.5
        if error == "pooled":
            spread = values.flatten(1).std(dim=1) / (sweeps * 6) ** 0.5
        scores.append((values.mean(dim=(1, 2)) - average_kl) / spread)
    return torch.cat(scores)


@pytest.mark.simulation
def test_z_test_of_ten_thousand_correct_answers_raises_no_alarm(generator):
    scores = z_scores(10_000, generator)
    critical = stats.t.isf(5e-7, 149)
    assert not (scores.abs() > critical).any()
    # Further in, where there are enough alarms to count, their rate is the nominal one.
    alarms = int((scores.abs() > stats.t.isf(5e-3, 149)).sum())
    assert stats.binomtest(alarms, 10_000, 1e-2).pvalue > 1e-4


def test_z_test_finds_a_mixture_without_log_n(generator):
    scores = z_scores(1000, generator, mixture_offset=math.log(6))
    assert (scores.abs() > stats.t.isf(5e-7, 149)).all()


@pytest.mark.simulation
def test_calibration_of_ten_thousand_correct_answers_raises_no_alarm(generator):
    pool = z_scores(10_000, generator)
    answers = pool[torch.randint(len(pool), (10_000, 60), generator=generator)]
    assert not is_alarm(answers).any()


def test_calibration_finds_the_pooled_standard_error(generator):
    pool = z_scores(2000, generator, error="pooled")
    answers = pool[torch.randint(len(pool), (10_000, 60), generator=generator)]
    assert is_alarm(answers).double().mean() > 0.999


def is_alarm(answers):
    """What checks.calibrated decides, for rows of z-scores."""
    from dgm_helpers.checks.calibration import thresholds

    low, high, allowed = thresholds(answers.shape[1], 1e-6)
    square, mean = (answers**2).mean(dim=1), answers.mean(dim=1)
    return (square < low) | (square > high) | (mean.abs() > allowed)


@pytest.mark.parametrize(
    ("mu", "log_sigma"), [(torch.zeros(0, 2), torch.zeros(0, 2)), (torch.zeros(3, 2), torch.zeros(2, 2))]
)
def test_encoders_that_do_not_fit_are_refused(mu, log_sigma):
    with pytest.raises(ValueError, match="both have the shape"):
        surgery._require_encoders(mu, log_sigma)


def test_latents_of_another_dimension_are_refused():
    with pytest.raises(ValueError, match="z must have 2 latent dimensions, as the encoders have, got 3"):
        surgery.encoder_log_probs(torch.zeros(5, 3), torch.zeros(4, 2), torch.zeros(4, 2))


def test_one_sweep_has_no_standard_error():
    with pytest.raises(ValueError, match="at least 2 samples of each encoder"):
        surgery.verify_surgery(torch.zeros(1, 4, 2), torch.zeros(4, 2), torch.zeros(4, 2))


def test_integration_is_refused_in_three_dimensions():
    with pytest.raises(ValueError, match="one or two latent dimensions"):
        surgery.exact_surgery(torch.zeros(4, 3), torch.zeros(4, 3), StandardNormal(latent_dim=3))


def test_the_z_score_is_in_standard_errors_of_the_mean_of_sweeps(generator):
    mu, log_sigma = torch.randn(2, 4, 2, generator=generator, dtype=torch.float64)
    z = surgery.sample_encoders(mu, log_sigma, 60, generator)
    prior = StandardNormal(latent_dim=2).double()
    sweeps = torch.stack([
        surgery.marginal_kl(sweep[None], mu, log_sigma, prior)
        + surgery.index_mutual_information(sweep[None], mu, log_sigma) for sweep in z
    ])  # fmt: skip
    average_kl, divergence, information, z_score = surgery.verify_surgery(z, mu, log_sigma)
    assert divergence + information == pytest.approx(sweeps.mean().item())
    expected = (sweeps.mean() - average_kl) / (sweeps.var() / 60).sqrt()
    assert z_score == pytest.approx(expected.item())


def test_a_block_that_not_even_one_point_fits_into_has_one(monkeypatch, generator):
    mu, log_sigma = torch.randn(2, 5, 2, generator=generator, dtype=torch.float64)
    z = torch.randn(7, 2, generator=generator, dtype=torch.float64)
    expected = surgery.encoder_log_probs(z, mu, log_sigma)
    monkeypatch.setattr(surgery, "LARGEST_BLOCK", 1)
    torch.testing.assert_close(surgery.encoder_log_probs(z, mu, log_sigma), expected)
