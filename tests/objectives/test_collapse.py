"""The Gaussian toy example: closed forms against dense Gaussians, numerical maxima and the linear VAE."""

import inspect

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.objectives import collapse

seeds = st.integers(0, 10_000)


def gaussian(data_dim, seed):
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(data_dim, data_dim + 2, generator=generator, dtype=torch.float64)
    mu = torch.randn(data_dim, generator=generator, dtype=torch.float64)
    return mu, factor @ factor.T / data_dim + 0.05 * torch.eye(data_dim, dtype=torch.float64)


def assert_close(actual, expected, tolerance=1e-9):
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


@given(st.integers(1, 6), seeds)
def test_without_latents_the_elbo_is_minus_the_entropies_of_the_marginals(data_dim, seed):
    mu, Sigma = gaussian(data_dim, seed)
    entropy = Independent(Normal(mu, Sigma.diagonal().sqrt()), 1).entropy()
    assert_close(collapse.best_elbo_without_latents(mu, Sigma), -entropy)


@given(st.integers(1, 6), seeds)
def test_the_benefit_is_the_divergence_from_independence_and_completes_the_entropy(data_dim, seed):
    mu, Sigma = gaussian(data_dim, seed)
    data, apart = MultivariateNormal(mu, Sigma), MultivariateNormal(mu, torch.diag(Sigma.diagonal()))
    benefit = collapse.latent_benefit(Sigma)
    assert_close(benefit, kl_divergence(data, apart))
    assert_close(collapse.best_elbo_without_latents(mu, Sigma) + benefit, -data.entropy())


def test_the_benefit_is_zero_for_a_diagonal_covariance_and_finite_where_the_determinant_underflows():
    variances = torch.logspace(-6, 2, 200, dtype=torch.float64)
    assert collapse.latent_benefit(torch.diag(variances)).abs() < 1e-9
    chain = 1e-3 * 0.9 ** (torch.arange(200)[:, None] - torch.arange(200)).abs().double()
    assert torch.linalg.det(chain) == 0
    assert_close(
        collapse.latent_benefit(chain), -0.5 * 199 * torch.tensor(1 - 0.81, dtype=torch.float64).log()
    )


@given(st.integers(2, 7), seeds, st.data())
def test_ppca_keeps_the_large_eigenvalues_and_averages_the_rest(data_dim, seed, drawn):
    d = drawn.draw(st.integers(1, data_dim - 1))
    _, Sigma = gaussian(data_dim, seed)
    weight, noise = collapse.ppca_solution(Sigma, d)
    values = torch.linalg.eigvalsh(Sigma).flip(0)
    covariance = weight @ weight.T + noise * torch.eye(data_dim, dtype=torch.float64)
    expected = torch.cat([values[:d], values[d:].mean().expand(data_dim - d)])
    assert_close(torch.linalg.eigvalsh(covariance).flip(0), expected)
    assert_close(weight.T @ weight, torch.diag(values[:d] - values[d:].mean()))
    assert_close(covariance @ Sigma, Sigma @ covariance, 1e-8)


def test_no_linear_decoder_is_more_likely_than_ppca(generator):
    mu, Sigma = gaussian(5, 3)

    def likelihood(weight, noise):
        model = MultivariateNormal(mu, weight @ weight.T + noise * torch.eye(5, dtype=torch.float64))
        return -kl_divergence(MultivariateNormal(mu, Sigma), model)

    weight, noise = collapse.ppca_solution(Sigma, 2)
    best = likelihood(weight, noise)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(20):
            change = size * torch.randn(5, 2, generator=generator, dtype=torch.float64)
            factor = torch.exp(size * torch.randn((), generator=generator, dtype=torch.float64))
            assert likelihood(weight + change, noise * factor) < best


@given(st.integers(1, 5), st.integers(1, 4), seeds)
def test_the_elbo_is_that_of_the_model(data_dim, latent_dim, seed):
    generator = torch.Generator().manual_seed(seed)
    model = LinearVAE(data_dim=data_dim, latent_dim=latent_dim, noise="diagonal").double().reset(generator)
    x = 2 * torch.randn(6, data_dim, generator=generator, dtype=torch.float64)
    elbo = collapse.linear_vae_elbo(x, model.weight, model.bias, model.log_noise, model.encoder_weight,
                                    model.encoder_bias, model.encoder_log_sigma)  # fmt: skip
    assert_close(elbo, model.elbo(x))


def test_a_unit_is_judged_by_its_average_over_the_data():
    kl = torch.tensor([[0.0, 0.0, 0.1], [0.0, 2.0, 0.1]])
    assert collapse.is_collapsed(kl, 0.1).tolist() == [1, 0, 1]
    assert collapse.is_collapsed(kl, 0.0).tolist() == [1, 0, 0]


def test_what_is_no_covariance_is_refused():
    indefinite = torch.tensor([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match="positive definite"):
        collapse.latent_benefit(indefinite)
    with pytest.raises(ValueError, match="positive diagonal"):
        collapse.best_elbo_without_latents(torch.zeros(2), torch.zeros(2, 2))
    as_students_call_it = inspect.unwrap(
        collapse.best_elbo_without_latents
    )  # without the check of its annotations
    with pytest.raises(ValueError, match="mu must have as many entries as Sigma has rows"):
        as_students_call_it(torch.zeros(3), torch.eye(2))
    for d in (0, 3):
        with pytest.raises(ValueError, match="one fewer than the data dimensions"):
            collapse.ppca_solution(torch.eye(3), d)


@pytest.mark.parametrize("variance", [0.1, 1.0, 1.7])
def test_ppca_of_equal_eigenvalues_has_no_weight_and_no_nan(variance):
    # In float32 the mean of nine numbers 0.1 is larger than each of them.
    for size in range(2, 12):
        for d in range(1, size):
            weight, noise = collapse.ppca_solution(variance * torch.eye(size), d)
            torch.testing.assert_close(weight, torch.zeros(size, d), rtol=0, atol=1e-3)
            assert noise.item() == pytest.approx(variance)
