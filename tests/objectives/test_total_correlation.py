"""The density-ratio trick against Gaussians, whose total correlation and density ratio are known."""

import math

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.objectives import total_correlation as tc


def covariance(rho=0.6, dims=3):
    return (torch.full((dims, dims), rho) + (1 - rho) * torch.eye(dims)).double()


def exact_logit(z, cov):
    """log q(z) - sum_j log q(z_j) of a Gaussian with mean zero."""
    joint = torch.distributions.MultivariateNormal(torch.zeros(len(cov)).to(z), cov)
    marginals = torch.distributions.Normal(torch.zeros(len(cov)).to(z), cov.diagonal().sqrt())
    return joint.log_prob(z) - marginals.log_prob(z).sum(dim=-1)


def test_one_logit_and_two_say_the_same():
    logits = torch.tensor([[2.0, -1.0], [0.5, 0.5]])
    probability = logits.softmax(dim=-1)[:, 0]
    expected = (probability / (1 - probability)).log()
    torch.testing.assert_close(tc.log_density_ratio(logits), expected)
    torch.testing.assert_close(tc.log_density_ratio(expected[:, None]), expected)
    with pytest.raises(ValueError, match="one or two entries per code, got 3"):
        tc.log_density_ratio(torch.zeros(2, 3))


def test_large_logits_of_low_precision_stay_finite():
    logits = torch.tensor([[200.0, -200.0], [-3e4, 3e4]]).to(torch.bfloat16)
    ratio = tc.log_density_ratio(logits)
    assert ratio.dtype == torch.float32 and ratio.isfinite().all()
    assert tc.discriminator_loss(logits, logits).isfinite()


def test_the_gaussian_value_against_the_determinant_of_the_correlations(generator):
    root = torch.randn(4, 4, generator=generator, dtype=torch.float64)
    cov = root @ root.T + torch.eye(4).double()
    scale = cov.diagonal().rsqrt()
    expected = -0.5 * torch.logdet(scale[:, None] * cov * scale)
    torch.testing.assert_close(tc.gaussian_total_correlation(cov), expected)
    torch.testing.assert_close(tc.gaussian_total_correlation(covariance(0.0)), torch.zeros(()).double())
    assert tc.gaussian_total_correlation(covariance(0.6, 2)).item() == pytest.approx(
        -0.5 * math.log(1 - 0.36)
    )
    with pytest.raises(ValueError, match="positive definite"):
        tc.gaussian_total_correlation(covariance(1.5))


def test_the_estimate_at_the_optimal_discriminator_is_the_gaussian_value(generator):
    cov = covariance()
    z = data.gaussian(torch.zeros(3).double(), cov, 40_000, generator)
    ratio = exact_logit(z, cov)
    estimate, exact = tc.total_correlation(ratio[:, None]), tc.gaussian_total_correlation(cov)
    # False alarm: |z| > 5.2 has probability 2e-7.
    assert abs(estimate - exact) < 5.2 * ratio.std() / math.sqrt(len(z))


def test_no_discriminator_has_a_smaller_loss_than_the_exact_ratio(generator):
    # With 200,000 points the standard error of a paired difference is below 1e-3 of a nat; each differs by more.
    cov = covariance()
    z = data.gaussian(torch.zeros(3).double(), cov, 200_000, generator)
    permuted = tc.permute_dims(z, generator)
    joint, product = exact_logit(z, cov), exact_logit(permuted, cov)
    least = tc.discriminator_loss(joint[:, None], product[:, None])
    for scale, shift in ((0.7, 0.0), (1.4, 0.0), (1.0, 0.3), (-1.0, 0.0)):
        loss = tc.discriminator_loss(scale * joint[:, None] + shift, scale * product[:, None] + shift)
        assert least < loss
    chance = tc.discriminator_loss(torch.zeros(5, 2), torch.zeros(7, 2))
    assert chance.item() == pytest.approx(math.log(2))


def test_permuted_dims_keep_marginals_exactly_and_lose_correlation(generator):
    z = data.gaussian(torch.zeros(3).double(), covariance(0.95), 4_000, generator)
    permuted = tc.permute_dims(z, generator)
    assert torch.equal(permuted.sort(dim=0).values, z.sort(dim=0).values)
    off_diagonal = permuted.T.corrcoef()[~torch.eye(3, dtype=torch.bool)]
    # The correlation of 4,000 independent pairs has standard deviation 0.0158; six of them: false alarm 1e-6.
    assert off_diagonal.abs().max() < 5.2 * 0.0158
    assert not torch.equal(permuted, z)


def test_every_permutation_is_as_likely_and_dimensions_are_permuted_apart(generator):
    z = torch.arange(3.0)[:, None].expand(3, 2)
    counts = torch.zeros(6, 6)
    orders = {(0, 1, 2): 0, (0, 2, 1): 1, (1, 0, 2): 2, (1, 2, 0): 3, (2, 0, 1): 4, (2, 1, 0): 5}
    for _ in range(3_600):
        first, second = (orders[tuple(column.int().tolist())] for column in tc.permute_dims(z, generator).T)
        counts[first, second] += 1
    # Chi-square with 35 degrees of freedom: above 95 with probability 2e-7.
    assert ((counts - 100) ** 2 / 100).sum() < 95


def test_gradients_pass_through_a_permutation(generator):
    z = torch.randn(5, 2, requires_grad=True, generator=generator)
    tc.permute_dims(z, generator).square().sum().backward()
    torch.testing.assert_close(z.grad, 2 * z.detach())
