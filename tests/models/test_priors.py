"""Priors: densities that integrate to one, samples that follow them, and a fit that only ever improves."""

import math

import pytest
import torch

from dgm_helpers.models.priors import MixturePrior, StandardNormal
from dgm_helpers.models.vae import VAE
from dgm_helpers.objectives.distributions import gaussian_log_prob


def random_mixture(generator, latent_dim=2, components=3):
    prior = MixturePrior(latent_dim=latent_dim, components=components).double()
    with torch.no_grad():
        prior.logits.normal_(generator=generator)
        prior.means.normal_(std=2, generator=generator)
        prior.log_sigmas.normal_(mean=-0.5, std=0.3, generator=generator)
    return prior.requires_grad_(False)


@pytest.fixture(params=["normal", "mixture"])
def prior(request, generator):
    return StandardNormal(latent_dim=2).double() if request.param == "normal" else random_mixture(generator)


def test_density_integrates_to_one(prior):
    axis = torch.linspace(-12, 12, 481, dtype=torch.float64)
    assert prior.log_prob(torch.cartesian_prod(axis, axis)).exp().sum() * 0.05**2 == pytest.approx(1)


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2)])
def test_log_prob_keeps_leading_axes(prior, shape):
    assert prior.log_prob(torch.zeros(shape, dtype=torch.float64)).shape == shape[:-1]


def test_samples_have_the_mean_log_density_of_their_law(prior, generator):
    """The average of log p over samples is minus the entropy, had here by integration."""
    axis = torch.linspace(-12, 12, 481, dtype=torch.float64)
    log_prob = prior.log_prob(torch.cartesian_prod(axis, axis))
    exact = (log_prob.exp() * log_prob).sum() * 0.05**2
    values = prior.log_prob(prior.sample(50_000, generator))
    assert abs(values.mean() - exact) < 5.5 * values.std() / 50_000**0.5


def test_mixture_samples_have_its_moments(generator):
    prior = random_mixture(generator)
    weights, z = prior.logits.softmax(dim=0), prior.sample(100_000, generator)
    mean = weights @ prior.means
    second = weights @ (prior.means**2 + torch.exp(2 * prior.log_sigmas))
    for values, exact in ((z, mean), (z**2, second)):
        assert ((values.mean(dim=0) - exact).abs() < 5.5 * values.std(dim=0) / 100_000**0.5).all()


def test_a_new_mixture_is_the_standard_normal():
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    expected = gaussian_log_prob(z, torch.zeros(3), torch.zeros(3))
    torch.testing.assert_close(MixturePrior(latent_dim=3).log_prob(z).detach(), expected)


def test_no_step_of_the_fit_lowers_the_likelihood(generator):
    z = random_mixture(generator).sample(2000, generator)
    likelihoods = MixturePrior(latent_dim=2, components=5).double().fit(z, steps=60, generator=generator)
    assert len(likelihoods) == 60
    assert (torch.tensor(likelihoods).diff() > -1e-9).all()
    assert likelihoods[-1] > likelihoods[0] + 0.1


def test_fit_of_one_component_is_mean_and_standard_deviation(generator):
    z = 3 + 2 * torch.randn(500, 2, generator=generator, dtype=torch.float64)
    prior = MixturePrior(latent_dim=2, components=1).double()
    prior.fit(z, steps=3, generator=generator)
    torch.testing.assert_close(prior.means.detach()[0], z.mean(dim=0))
    torch.testing.assert_close(prior.log_sigmas.detach()[0].exp(), z.std(dim=0, correction=0))


def test_fit_finds_the_mixture_that_made_the_samples(generator):
    truth = random_mixture(generator)
    fitted = MixturePrior(latent_dim=2, components=3).double()
    fitted.fit(truth.sample(5000, generator), steps=100, generator=generator)
    fresh = truth.sample(5000, generator)
    gap = truth.log_prob(fresh) - fitted.log_prob(fresh).detach()
    assert gap.mean() < 0.02  # KL(truth || fitted), where the standard normal has more than a nat


def test_a_component_on_one_point_keeps_its_floor(generator):
    z = torch.cat([torch.zeros(50, 2), 5 + torch.randn(50, 2, generator=generator)]).double()
    prior = MixturePrior(latent_dim=2, components=4).double()
    prior.fit(z, steps=50, smallest_sigma=0.05, generator=generator)
    assert prior.log_sigmas.exp().min() >= 0.05 - 1e-9
    assert torch.isfinite(prior.log_prob(z)).all()


def test_a_single_point_is_fitted_by_one_component(generator):
    prior = MixturePrior(latent_dim=2, components=1).double()
    likelihoods = prior.fit(torch.ones(1, 2).double(), steps=3, smallest_sigma=0.05, generator=generator)
    torch.testing.assert_close(prior.means.detach(), torch.ones(1, 2).double())
    torch.testing.assert_close(prior.log_sigmas.exp().detach(), torch.full((1, 2), 0.05).double())
    assert likelihoods == pytest.approx([-math.log(2 * math.pi * 0.05**2)] * 3)


def test_a_vae_trains_its_mixture_prior(generator):
    model = VAE(data_dim=4, latent_dim=2, hidden=(8,), prior=MixturePrior(latent_dim=2, components=3))
    x = torch.rand(10, 4, generator=generator).round()
    model.loss(x, generator)["loss"].backward()
    assert all(parameter.grad is not None for parameter in model.prior.parameters())
    assert model.sample(3, generator).shape == (3, 4)


def test_a_mixture_needs_components_and_points():
    with pytest.raises(ValueError, match="components must be at least 1, got 0"):
        MixturePrior(latent_dim=2, components=0)
    with pytest.raises(ValueError, match="z must have at least"):
        MixturePrior(latent_dim=2, components=5).fit(torch.zeros(4, 2))


def test_a_fit_finds_how_often_each_component_comes(generator):
    z = torch.randn(2000, 1, generator=generator, dtype=torch.float64)
    z[:1800] += 20
    prior = MixturePrior(latent_dim=1, components=2).double()
    prior.fit(z, steps=50, generator=torch.Generator().manual_seed(1))
    order = prior.means[:, 0].argsort()
    weights = prior.logits.softmax(dim=0)[order]
    torch.testing.assert_close(weights, torch.tensor([0.1, 0.9]).double(), rtol=0, atol=1e-6)


def test_a_mixture_is_sampled_from_its_generator(generator):
    prior = random_mixture(generator)
    one, same, other = (prior.sample(50, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
