"""The linear-Gaussian chain: its exact figures agree with each other, and with what a dense Gaussian says."""

import pytest
import torch
from torch import distributions as td

from dgm_helpers import checks
from dgm_helpers.models.linear_chain import LinearChain
from dgm_helpers.models.linear_vae import LinearVAE

SIZES = [(2,), (3, 2), (2, 3, 2)]


@pytest.fixture(params=SIZES, ids=str)
def chain(request):
    torch.manual_seed(0)
    return LinearChain(data_dim=4, latent_dims=request.param).double().reset(torch.Generator().manual_seed(3))


@pytest.fixture
def x(chain):
    return 2 * torch.randn(7, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@torch.no_grad()
def test_the_elbo_lies_below_log_p_by_exactly_the_kl_to_the_posterior(chain, x):
    # Three closed forms that share no line: the sum over layers, the marginal Gaussian, the posterior's precision.
    torch.testing.assert_close(chain.log_prob(x) - chain.exact_elbo(x), chain.gap(x), rtol=1e-10, atol=1e-10)
    assert (chain.gap(x) > 0).all()


@torch.no_grad()
def test_the_best_factorized_posterior_leaves_a_gap_wherever_there_are_two_layers(chain, x):
    before = chain.gap(x)
    chain.set_best_encoder()
    mean, precision = chain.exact_posterior(x)
    gap = chain.gap(x)
    torch.testing.assert_close(chain.log_prob(x) - chain.exact_elbo(x), gap, rtol=1e-10, atol=1e-10)
    expected = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision))
    torch.testing.assert_close(gap, expected.expand(7))
    torch.testing.assert_close(torch.cat([mu for mu, _ in chain.encode(x)], dim=1), mean)
    assert (gap < before).all() and gap.min() > (0.001 if len(chain.latent_dims) == 1 else 0.01)
    # No other factorized q of a neighborhood does better.
    for parameter in [*chain.encoder_biases, *chain.encoder_log_sigmas]:
        parameter.add_(0.1)
        assert (chain.gap(x) > gap).all()
        parameter.sub_(0.1)


@torch.no_grad()
def test_the_posterior_of_neighbors_is_correlated(chain):
    _, precision = chain.exact_posterior(torch.zeros(1, 4).double())
    covariance = precision.inverse()
    sizes = chain.latent_dims
    for below in range(len(sizes) - 1):
        rows, columns = sum(sizes[:below]), sum(sizes[: below + 1])
        block = covariance[rows : rows + sizes[below], columns : columns + sizes[below + 1]]
        assert block.abs().max() > 0.01


@torch.no_grad()
def test_log_p_is_that_of_the_density_of_all_variables(chain, x):
    """log p(x) = log p(x, z) - log p(z|x) at any z, the joint from the chain's own factors."""
    latents = [torch.randn(7, d, dtype=torch.float64) for d in chain.latent_dims]
    joint = chain.log_likelihood(x, latents[0])
    for z, (mu, log_sigma) in zip(latents, chain.prior_at(latents), strict=True):
        joint = joint + td.Normal(mu, log_sigma.exp()).log_prob(z).sum(dim=-1)
    mean, precision = chain.exact_posterior(x)
    posterior = td.MultivariateNormal(mean, precision_matrix=precision).log_prob(torch.cat(latents, dim=1))
    torch.testing.assert_close(joint - posterior, chain.log_prob(x), rtol=1e-10, atol=1e-10)


@torch.no_grad()
def test_a_chain_of_one_layer_is_the_linear_vae(x):
    torch.manual_seed(0)
    chain = LinearChain(data_dim=4, latent_dims=(2,)).double()
    vae = LinearVAE(data_dim=4, latent_dim=2, noise="diagonal").double()
    pairs = {"weight": chain.weights, "bias": chain.biases, "log_noise": chain.log_noises,
             "encoder_weight": chain.encoder_weights, "encoder_bias": chain.encoder_biases,
             "encoder_log_sigma": chain.encoder_log_sigmas}  # fmt: skip
    vae.load_state_dict({name: values[0] for name, values in pairs.items()})
    for exact, known in ((chain.log_prob, vae.log_prob), (chain.exact_elbo, vae.elbo), (chain.gap, vae.gap)):
        torch.testing.assert_close(exact(x), known(x))


@torch.no_grad()
def test_samples_have_the_exact_moments(chain, generator):
    x = chain.sample(40_000, generator)
    mean, covariance = chain.moments()
    mean, covariance = mean[:4], covariance[:4, :4]
    checks.mean_equals("mean", x.view(400, 100, 4).mean(dim=1), mean)
    products = torch.einsum("ni,nj->nij", x - mean, x - mean)
    checks.mean_equals("covariance", products.unflatten(0, (400, 100)).mean(dim=1), covariance)


@torch.no_grad()
def test_the_estimates_that_every_hierarchical_vae_has_agree_with_the_exact_figures(chain, x, generator):
    """ELBO, its terms and the importance-weighted bound, by z-tests with a false-alarm rate of 1e-6."""
    chain.set_best_encoder()
    elbo = torch.stack([chain.elbo(x, 50, generator) for _ in range(200)])
    checks.mean_equals("ELBO", elbo, chain.exact_elbo(x))
    one = torch.stack(
        [chain.bound(x.repeat(50, 1), 1, generator).view(50, 7).mean(dim=0) for _ in range(200)]
    )
    checks.mean_equals("bound with one sample", one, chain.exact_elbo(x))
    terms = [chain.loss(x.repeat(50, 1), generator) for _ in range(200)]
    checks.mean_equals("loss", torch.stack([t["loss"] for t in terms]), -chain.exact_elbo(x).mean())
    for layer, expected in enumerate(chain.exact_kl(x).mean(dim=0), start=1):
        checks.mean_equals(f"kl_{layer}", torch.stack([t[f"kl_{layer}"] for t in terms]), expected)
    # p(x, z) / q(z|x) has the mean p(x).
    weights = torch.stack([chain.bound(x, 50, generator).exp() for _ in range(400)])
    checks.mean_equals("p(x)", weights / chain.log_prob(x).exp(), torch.ones(7))


@torch.no_grad()
def test_the_bound_rises_to_log_p(chain, x, generator):
    # Burda et al., theorem 1; independent repetitions, each inequality a one-sided z-test at 1e-6.
    chain.set_best_encoder().encoder_biases[0].add_(1.0)  # wrong enough for the differences to be seen
    bounds = {k: chain.bound(x.repeat(400, 1), k, generator).view(400, 7).mean(dim=1) for k in (1, 4, 16)}
    bounds["log p"] = chain.log_prob(x).mean().expand(400)
    for fewer, more in ((1, 4), (4, 16), (16, "log p")):
        gain = bounds[more] - bounds[fewer]
        assert gain.mean() > 4.8 * gain.std() / 400**0.5


@torch.no_grad()
def test_the_config_rebuilds_the_chain(chain, x):
    again = LinearChain(**chain.config).double()
    again.load_state_dict(chain.state_dict())
    assert torch.equal(again.exact_elbo(x), chain.exact_elbo(x))


def test_a_chain_without_latents_is_told():
    with pytest.raises(ValueError, match=r"^latent_dims must have at least 1 layer, got none$"):
        LinearChain(latent_dims=())
