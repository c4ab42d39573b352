"""Importance-weighted bounds: definition, gradient, order, and what they are of in linear-Gaussian models."""

import math

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.objectives.importance_weighting import iwae_bound, normalized_weights, sampled_bound


@pytest.fixture
def model():
    model = LinearVAE(data_dim=6, latent_dim=3).double()
    return model.reset(torch.Generator().manual_seed(3))


@pytest.fixture
def x(model):
    return model.sample(5, torch.Generator().manual_seed(4)).detach()


@pytest.mark.parametrize("samples", [1, 2, 50])
def test_the_bound_is_the_log_of_the_mean_weight(samples, generator):
    log_weights = torch.randn(samples, 7, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(iwae_bound(log_weights), log_weights.exp().mean(dim=0).log())
    weights = normalized_weights(log_weights)
    torch.testing.assert_close(weights, log_weights.exp() / log_weights.exp().sum(dim=0))


@pytest.mark.parametrize("level", [1000.0, -1000.0, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_overflows_or_underflows(level, dtype):
    log_weights = torch.full((4, 2), level, dtype=dtype)
    assert torch.equal(iwae_bound(log_weights), torch.full((2,), level, dtype=dtype))
    assert torch.equal(normalized_weights(log_weights), torch.full((4, 2), 0.25, dtype=dtype))
    # One sample far above the others: all the weight, and the bound is its log-weight less log K.
    log_weights[0] += abs(level)
    torch.testing.assert_close(iwae_bound(log_weights), log_weights[0] - math.log(4))
    assert torch.equal(normalized_weights(log_weights)[0], torch.ones(2, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_summed_in_float32(dtype, generator):
    log_weights = (3 * torch.randn(50, 6, generator=generator)).to(dtype)
    assert iwae_bound(log_weights).dtype == normalized_weights(log_weights).dtype == torch.float32
    torch.testing.assert_close(iwae_bound(log_weights), iwae_bound(log_weights.double()).float())
    drawn = sampled_bound(lambda n, g: log_weights[:n], 50, 6)
    assert drawn.dtype == torch.float32
    torch.testing.assert_close(drawn, iwae_bound(log_weights))


def test_the_gradient_weighs_each_sample_by_its_normalized_weight(model, x, generator):
    parameters = list(model.parameters())
    log_weights = model.importance_sampler(x)(20, generator)
    bound = torch.autograd.grad(iwae_bound(log_weights).sum(), parameters, retain_graph=True)
    weights = normalized_weights(log_weights).detach()
    surrogate = (weights * log_weights).sum(dim=0)
    by_weights = torch.autograd.grad(surrogate.sum(), parameters)
    for one, other in zip(bound, by_weights, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    # The value of what has that gradient is no bound: it is too large by log K - H(weights).
    excess = math.log(20) + torch.special.xlogy(weights, weights).sum(dim=0)
    torch.testing.assert_close(surrogate - iwae_bound(log_weights), excess)


@torch.no_grad()
def test_bounds_are_ordered_and_end_at_the_exact_log_likelihood(model, x, generator):
    log_weights = model.importance_sampler(x)(50 * 2000, generator).view(2000, 50, 5)
    bounds = {
        k: log_weights.view(2000, 50 // k, k, 5).logsumexp(dim=2).mean(dim=1) - math.log(k)
        for k in (1, 5, 50)
    }
    # From the same samples L_1 <= L_5 <= L_50 holds in every repetition, by Jensen: no false alarms.
    assert (bounds[1] <= bounds[5]).all() and (bounds[5] <= bounds[50]).all()
    torch.testing.assert_close(bounds[50][0], iwae_bound(log_weights[0]))
    # One-sided tests at 1e-6: each bound is below the next by more than chance, the last one below log p(x).
    for lower, upper in ((bounds[1], bounds[5]), (bounds[5], bounds[50]), (bounds[50], model.log_prob(x))):
        gap = (upper - lower).mean(dim=1)
        assert gap.mean() > 4.76 * gap.std() / 2000**0.5
    checks.mean_equals("L_1", bounds[1], model.elbo(x))  # false-alarm rate 1e-6
    checks.mean_equals("mean weight over p(x)", (bounds[50] - model.log_prob(x)).exp(), torch.ones(5))


@torch.no_grad()
def test_with_the_exact_posterior_one_sample_is_enough(generator):
    model = LinearVAE(data_dim=6, latent_dim=1).double().set_best_encoder()
    x = model.sample(5, generator)
    for samples in (1, 7):
        bound = sampled_bound(model.importance_sampler(x), samples, 5, generator)
        torch.testing.assert_close(bound, model.log_prob(x), rtol=1e-10, atol=1e-10)


@torch.no_grad()
def test_chunks_give_the_same_bound_from_the_same_noise():
    # 16 images of 3 latents: every chunk takes a multiple of 16 numbers, for which torch draws them in one sequence.
    model = LinearVAE(data_dim=6, latent_dim=3).double()
    x = model.sample(16, torch.Generator().manual_seed(1))
    whole = iwae_bound(model.importance_sampler(x)(50, torch.Generator().manual_seed(2)))
    for latents_at_once in (1, 16 * 7, 16 * 50, 10**6):
        generator = torch.Generator().manual_seed(2)
        chunked = sampled_bound(
            model.importance_sampler(x), 50, 16, generator, latents_at_once=latents_at_once
        )
        torch.testing.assert_close(chunked, whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("samples", "chunks"), [(1, [1]), (4, [4]), (5, [4, 1]), (250, [4] * 62 + [2])])
def test_samples_are_drawn_in_chunks_and_exactly_as_many(samples, chunks):
    drawn = []

    def draw(n, generator):
        drawn.append(n)
        return torch.zeros(n, 3)

    assert torch.equal(sampled_bound(draw, samples, 3, latents_at_once=14).round(decimals=5), torch.zeros(3))
    assert drawn == chunks


@pytest.mark.parametrize("samples", [0, -1])
def test_a_bound_without_samples_is_told(samples):
    message = f"^the number of importance samples must be at least 1, got {samples}$"
    with pytest.raises(ValueError, match=message):
        sampled_bound(lambda n, g: torch.zeros(n, 2), samples, 2)


@pytest.mark.parametrize("function", [iwae_bound, normalized_weights])
def test_no_weights_are_told(function):
    with pytest.raises(ValueError, match=r"^the number of importance samples must be at least 1, got 0$"):
        function(torch.zeros(0, 2))
