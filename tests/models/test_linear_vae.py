"""The oracle of many checks, itself checked: against dense Gaussians, Monte Carlo, and its own identities."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal

from dgm_helpers import checks
from dgm_helpers.models.linear_vae import NOISES, LinearVAE
from dgm_helpers.objectives.distributions import gaussian_log_prob, gaussian_sample


def make(data_dim=3, latent_dim=2, seed=0, noise="isotropic") -> LinearVAE:
    generator = torch.Generator().manual_seed(seed)
    model = LinearVAE(data_dim=data_dim, latent_dim=latent_dim, noise=noise)
    return model.double().reset(generator).requires_grad_(False)


def points(model, n=7, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(n, model.config["data_dim"], generator=generator, dtype=torch.float64)


models = st.builds(
    make, st.integers(1, 5), st.integers(1, 4), st.integers(0, 10_000), st.sampled_from(NOISES)
)


def joint(model):
    """Mean and covariance of (z, x), assembled block by block."""
    weight, noise = model.weight, torch.exp(2 * model.log_noise)
    data_dim, latent_dim = weight.shape
    mean = torch.cat([torch.zeros(latent_dim).double(), model.bias])
    top = torch.cat([torch.eye(latent_dim).double(), weight.T], dim=1)
    bottom = torch.cat([weight, weight @ weight.T + torch.diag(noise.expand(data_dim))], dim=1)
    return mean, torch.cat([top, bottom])


def assert_close(actual, expected, tolerance=1e-10):
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


@given(models)
def test_elbo_and_gap_add_up_to_log_prob(model):
    x = points(model)
    assert_close(model.elbo(x) + model.gap(x), model.log_prob(x))


@given(models)
def test_the_gap_is_not_negative(model):
    assert (model.gap(points(model)) > -1e-12).all()


@given(models)
def test_log_prob_is_that_of_the_joint_gaussians_marginal(model):
    mean, covariance = joint(model)
    d = model.config["latent_dim"]
    x = points(model)
    assert_close(model.log_prob(x), MultivariateNormal(mean[d:], covariance[d:, d:]).log_prob(x))


@given(models)
def test_posterior_is_the_joint_gaussian_conditioned_on_x(model):
    mean, covariance = joint(model)
    d, x = model.config["latent_dim"], points(model)
    gain = torch.linalg.solve(covariance[d:, d:], covariance[d:, :d]).T
    posterior_mean, posterior_covariance = model.posterior(x)
    assert_close(posterior_mean, (x - mean[d:]) @ gain.T)
    assert_close(posterior_covariance, covariance[:d, :d] - gain @ covariance[d:, :d])


@given(models)
def test_bayes_rule_holds_at_any_latent(model):
    x = points(model)
    z = torch.randn(len(x), model.config["latent_dim"], generator=torch.Generator().manual_seed(2)).double()
    mean, covariance = model.posterior(x)
    posterior = MultivariateNormal(mean, covariance).log_prob(z)
    zeros = torch.zeros_like(z)
    assert_close(
        model.log_likelihood(x, z) + gaussian_log_prob(z, zeros, zeros), model.log_prob(x) + posterior
    )


def test_log_likelihood_broadcasts_over_samples(generator):
    model = make()
    x, z = points(model), torch.randn(4, 7, 2, generator=generator, dtype=torch.float64)
    assert model.log_likelihood(x, z).shape == (4, 7)
    assert_close(model.log_likelihood(x, z)[1], model.log_likelihood(x, z[1]))


def test_elbo_is_the_mean_of_its_samples(generator):
    model = make()
    x = points(model, n=4)
    mu, log_sigma = (parameter.expand(20_000, -1, -1) for parameter in model.encode(x))
    z = gaussian_sample(mu, log_sigma, generator)
    zeros = torch.zeros(2, dtype=torch.float64)
    samples = model.log_likelihood(x, z) + gaussian_log_prob(z, zeros, zeros)
    checks.mean_equals("ELBO", samples - gaussian_log_prob(z, mu, log_sigma), model.elbo(x))


def test_the_best_encoder_is_a_maximum_of_the_elbo(generator):
    model = make(4, 3).set_best_encoder()
    x = points(model)
    encoder = [model.encoder_weight, model.encoder_bias, model.encoder_log_sigma]
    for parameter in encoder:
        parameter.requires_grad_()
    for gradient in torch.autograd.grad(model.elbo(x).sum(), encoder):
        checks.equal("gradient", gradient, torch.zeros_like(gradient), atol=1e-10)
    best = model.elbo(x).sum().item()
    for size in (1e-3, 1e-1, 1.0):
        for parameter in encoder:
            kept = parameter.detach().clone()
            noise = torch.randn(kept.shape, generator=generator, dtype=torch.float64)
            parameter.data.copy_(kept + size * noise)
            assert model.elbo(x).sum().item() < best
            parameter.data.copy_(kept)


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_in_one_latent_dimension_the_best_encoder_is_the_posterior(data_dim, seed):
    model = make(data_dim, 1, seed).set_best_encoder()
    assert_close(model.gap(points(model)), torch.zeros(7).double())


@given(models)
def test_the_best_encoders_gap_is_that_of_the_posteriors_correlations(model):
    # KL from the best factorized Gaussian: half the log of prod_j P_jj / det P, the same at every x.
    precision = torch.linalg.inv(model.posterior(points(model))[1])
    expected = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision))
    assert_close(model.set_best_encoder().gap(points(model)), expected.expand(7), 1e-9)


def test_samples_have_the_moments_of_the_marginal(generator):
    model = make()
    x = model.sample(20_000, generator)
    mean, covariance = joint(model)
    centered = x - model.bias
    checks.mean_equals("mean", x, mean[2:])
    checks.mean_equals("covariance", centered[:, :, None] * centered[:, None, :], covariance[2:, 2:])


def test_samples_and_parameters_come_from_the_generator():
    one, other = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    models = [LinearVAE(data_dim=3, latent_dim=2).reset(generator) for generator in (one, other)]
    for parameter, same in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(parameter, same) and parameter.count_nonzero() == parameter.numel()
    assert torch.equal(models[0].sample(5, one), models[1].sample(5, other))


@pytest.mark.parametrize("noise", NOISES)
def test_the_config_rebuilds_the_model(noise):
    model = make(4, 3, noise=noise)
    again = LinearVAE(**model.config).double()
    again.load_state_dict(model.state_dict())
    assert_close(again.elbo(points(model)), model.elbo(points(model)), 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_is_the_negative_mean_elbo_and_reaches_every_parameter(dtype):
    model = make().to(dtype).requires_grad_()
    x = points(model).to(dtype)
    terms = model.loss(x)
    assert torch.equal(terms["loss"], -model.elbo(x).mean()) and terms["kl"] > 0
    terms["loss"].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())
    assert terms["loss"].dtype == dtype


def test_quantities_can_be_differentiated_and_agree_with_finite_differences():
    model = make().requires_grad_()
    x = points(model, n=2).requires_grad_()
    for quantity in (model.log_prob, model.elbo, model.gap):
        assert torch.autograd.gradcheck(quantity, (x,))


def test_an_unknown_noise_is_refused():
    with pytest.raises(ValueError, match="noise must be one of isotropic, diagonal; got"):
        LinearVAE(data_dim=2, latent_dim=1, noise="full")
