"""The hierarchical ELBO's parts against sums over layers, direct Monte-Carlo over the joint, and exact moments."""

import pytest
import torch
from torch import distributions as td

from dgm_helpers import checks
from dgm_helpers.models.linear_chain import LinearChain
from dgm_helpers.objectives.hierarchical import (
    ancestral_sample,
    hierarchical_elbo,
    hierarchical_kl,
    hierarchical_log_ratio,
)


def normal(parameters):
    mu, log_sigma = parameters
    return td.Independent(td.Normal(mu, log_sigma.exp()), 1)


@pytest.fixture(params=[(2,), (3, 2), (3, 2, 4)], ids=str)
def chain(request):
    return LinearChain(data_dim=5, latent_dims=request.param).double().reset(torch.Generator().manual_seed(1))


@pytest.fixture
def x(chain):
    return chain.sample(6, torch.Generator().manual_seed(2)).detach()


@torch.no_grad()
def test_a_layer_is_the_kl_of_its_two_gaussians(chain, x, generator):
    latents, posteriors = chain.posterior_sample(x, 7, generator)
    priors = chain.prior_at(latents)
    kl = hierarchical_kl(posteriors, priors)
    assert kl.shape == (*((7,) if len(latents) > 1 else ()), 6, len(latents))
    for layer, (q, p) in enumerate(zip(posteriors, priors, strict=True)):
        expected = td.kl_divergence(normal(q), normal(p)).expand(kl.shape[:-1])
        torch.testing.assert_close(kl[..., layer], expected, rtol=1e-12, atol=1e-12)


@torch.no_grad()
def test_the_sum_over_layers_has_the_mean_of_log_q_minus_log_p_over_the_joint(chain, x, generator):
    """Both sides by Monte Carlo from samples of their own; false-alarm rate 1e-6."""
    repetitions, samples = 200, 50

    def draws():
        latents, posteriors = chain.posterior_sample(x, repetitions * samples, generator)
        return latents, posteriors, chain.prior_at(latents)

    _, posteriors, priors = draws()
    kl = hierarchical_kl(posteriors, priors).expand(repetitions * samples, -1, -1)
    latents, posteriors, priors = draws()
    log_q = sum(normal(q).log_prob(z) for q, z in zip(posteriors, latents, strict=True))
    log_p = sum(normal(p).log_prob(z) for p, z in zip(priors, latents, strict=True))
    difference = (kl.sum(dim=-1) - (log_q - log_p)).unflatten(0, (repetitions, samples)).mean(dim=1)
    checks.mean_equals("difference", difference, torch.zeros(6))
    ratio = hierarchical_log_ratio(latents, posteriors, priors)
    torch.testing.assert_close(ratio.sum(dim=-1), log_q - log_p)
    # Each layer on its own has its exact expectation, and so has the ratio.
    for estimate in (kl, ratio):
        groups = estimate.unflatten(0, (repetitions, samples)).mean(dim=1)
        checks.mean_equals("KL of each layer", groups, chain.exact_kl(x))


@torch.no_grad()
def test_a_latent_above_drawn_from_the_prior_would_be_caught(x, chain, generator):
    if len(chain.latent_dims) == 1:
        return  # no layer lies above
    _, posteriors = chain.posterior_sample(x, 1, generator)
    latents = ancestral_sample(chain.prior, [torch.randn(10_000, 1, d).double() for d in chain.latent_dims])
    kl = hierarchical_kl(posteriors, chain.prior_at(latents)).expand(10_000, -1, -1)
    with pytest.raises(checks.CheckFailed):
        checks.mean_equals("KL", kl.unflatten(0, (200, 50)).mean(dim=1), chain.exact_kl(x))


@torch.no_grad()
def test_ancestral_samples_have_the_chains_moments(chain, generator):
    count = 40_000
    noise = [torch.randn(count, d, generator=generator, dtype=torch.float64) for d in chain.latent_dims]
    z = torch.cat(ancestral_sample(chain.prior, noise), dim=1)
    mean, covariance = (moment[..., 5:] for moment in chain.moments())
    covariance = covariance[5:]
    checks.mean_equals("mean", z.view(400, 100, -1).mean(dim=1), mean)
    products = torch.einsum("ni,nj->nij", z - mean, z - mean)
    checks.mean_equals("covariance", products.unflatten(0, (400, 100)).mean(dim=1), covariance)


def test_a_layer_that_is_held_decides_what_lies_beneath_and_nothing_above(generator):
    chain = LinearChain(data_dim=5, latent_dims=(3, 2, 4)).double()
    noise = [torch.randn(8, d, generator=generator).double() for d in chain.latent_dims]
    free = ancestral_sample(chain.prior, noise)
    held = torch.ones(1, 2).double()
    z = ancestral_sample(chain.prior, noise, {2: held})
    assert torch.equal(z[2], free[2]) and torch.equal(z[1], held.expand(8, -1))
    mu, log_sigma = chain.prior(1, z[1])
    assert torch.equal(z[0], mu + log_sigma.exp() * noise[0]) and not torch.equal(z[0], free[0])


def test_the_elbo_is_the_likelihood_less_all_layers():
    kl = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    assert hierarchical_elbo(torch.tensor([[-5.0, -6.0]]), kl).tolist() == [[-8.0, -13.0]]


@pytest.mark.parametrize(("posteriors", "priors"), [(0, 0), (2, 1), (1, 2)])
def test_layers_that_do_not_pair_up_are_told(posteriors, priors):
    gaussian = (torch.zeros(2, 3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match=rf"^posteriors and priors must .*, got {posteriors} and {priors}$"):
        hierarchical_kl([gaussian] * posteriors, [gaussian] * priors)
