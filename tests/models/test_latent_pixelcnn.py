"""The PixelCNN over latents: causal without a blind spot, a density, sampled from it, conditional at every place."""

import pytest
import torch
from autoregressive import influence
from scipy import stats

from dgm_helpers import checks
from dgm_helpers.layers.masked_conv import receptive_field
from dgm_helpers.models.latent_pixelcnn import LatentPixelCNN, bounded
from dgm_helpers.objectives.distributions import gaussian_log_prob, kl_diagonal_gaussians

TINY = {"latent_channels": 2, "condition_channels": 3, "channels": 6, "layers": 2, "kernel_size": 3,
        "first_kernel_size": 3}  # fmt: skip


def build(**changes):
    torch.manual_seed(0)
    model = LatentPixelCNN(**{**TINY, **changes}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.eval()


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_place(gaussians):
    """Mean and log standard deviation, summed over the channels of a place: ``[2, height, width]`` of one map."""
    return torch.stack(gaussians).sum(dim=2)[:, 0]


@pytest.mark.parametrize(
    ("layers", "kernel_size", "first", "size"), [(1, 3, 3, 7), (2, 3, 5, 8), (2, 5, 5, 8), (3, 1, 3, 6)]
)
def test_each_place_sees_every_earlier_one_in_the_field_and_no_other(layers, kernel_size, first, size):
    model = build(layers=layers, kernel_size=kernel_size, first_kernel_size=first)
    c, maps = normal(1, 3, size, size), normal(6, 2, size, size, seed=2)
    seen = influence(lambda z: by_place(model.gaussians(z, c))[None], maps)
    assert seen.shape == (2, size, size, 2, size, size)  # of mean and scale; of every channel
    reach = first // 2 + layers * (kernel_size // 2)
    field = receptive_field(size, size, reach, reach)
    for output in range(2):
        for channel in range(2):
            checks.sees_exactly("the latent PixelCNN", seen[output, :, :, channel], field)


def test_the_condition_is_read_at_its_place_and_by_no_place_above_it():
    model, size = build(), 6
    z, conditions = normal(1, 2, size, size), normal(6, 3, size, size, seed=2)
    seen = influence(
        lambda c: by_place(model.gaussians(z, c))[None], conditions
    )  # [2, place, features, place]
    here = torch.eye(size**2, dtype=torch.bool).view(size, size, size, size)
    assert (seen.movedim(3, 1)[:, :, here] > 0).all()  # mean and scale, every feature
    below = torch.ones(size, size, dtype=torch.bool).triu(1)[:, None, :, None].expand(-1, size, -1, size)
    assert seen.movedim(3, 1)[:, :, below].eq(0).all()


@torch.no_grad()
def test_log_prob_is_the_sum_of_the_places_conditionals():
    """Place by place in raster order, each from a pass over a map in which nothing later stands yet."""
    model, z, c = build(), normal(3, 2, 4, 5), normal(3, 3, 4, 5, seed=2)
    total, so_far = torch.zeros(3, dtype=torch.float64), torch.full_like(z, 7.0)
    for row in range(4):
        for column in range(5):
            mu, log_sigma = (g[:, :, row, column] for g in model.gaussians(so_far, c))
            total += torch.distributions.Normal(mu, log_sigma.exp()).log_prob(z[:, :, row, column]).sum(dim=1)
            so_far[:, :, row, column] = z[:, :, row, column]
    torch.testing.assert_close(model.log_prob(z, c), total)


@torch.no_grad()
def test_the_density_of_a_map_integrates_to_one():
    """Of two places with one number each, on a grid; and the second's mean depends on the first."""
    model, axis = build(latent_channels=1), torch.linspace(-8, 8, 161, dtype=torch.float64)
    z, c = torch.cartesian_prod(axis, axis).view(-1, 1, 1, 2), normal(1, 3, 1, 2)
    density = model.log_prob(z, c.expand(len(z), -1, -1, -1)).exp()
    torch.testing.assert_close(density.sum() * 0.1**2, torch.ones(()).double(), rtol=0, atol=1e-8)
    at = [model.gaussians(torch.tensor([a, 0]).double().view(1, 1, 1, 2), c)[0][0, 0, 0] for a in (-1, 1)]
    assert at[0][0] == at[1][0] and abs(at[0][1] - at[1][1]) > 1e-3


def make_linear(model, weight):
    """Outputs at a place: a small number times the place to its left, so that gates and bounds are linear to 1e-6."""
    for parameter in model.parameters():
        parameter.zero_()
    tiny, left = 1e-3, model.first_horizontal.weight.shape[-1] - 2
    model.first_horizontal.weight[0, 0, 0, left] = tiny
    layer, channels = model.layers[0], model.head.weight.shape[0]
    layer.horizontal.weight[0, 0, 0, -1] = 1.0
    layer.out.weight[channels, 0] = 2.0  # skip; the gate's sigmoid(0) halves
    layer.out.bias[channels] = 10.0  # out of the ReLU's reach
    model.head.weight[0, 0], model.output.weight[0, 0] = 1.0, weight / tiny
    model.output.bias[0] = -10.0 * weight / tiny


@torch.no_grad()
def test_a_linear_gaussian_row_has_its_closed_form(generator):
    """z[i] ~ N(a z[i-1], 1/4), an autoregression: log p is a Gaussian's with the covariance of that process."""
    model, a, length = build(latent_channels=1, layers=1), 0.002, 6
    make_linear(model, a)
    c = torch.zeros(5, 3, 1, length, dtype=torch.float64)
    z = 0.5 * normal(5, 1, 1, length)
    lower = torch.eye(length, dtype=torch.float64) - a * torch.diag(torch.ones(length - 1).double(), -1)
    exact = torch.distributions.MultivariateNormal(
        torch.zeros(length, dtype=torch.float64), precision_matrix=4 * lower.T @ lower
    )
    torch.testing.assert_close(model.log_prob(z, c), exact.log_prob(z.flatten(1)), rtol=0, atol=2e-5)
    # A hundred times nearer than the distance to independent places.
    half = torch.full((length,), 0.5, dtype=torch.float64)
    independent = gaussian_log_prob(z.flatten(1), 0 * half, half.log())
    assert (independent - exact.log_prob(z.flatten(1))).abs().max() > 2e-3


@pytest.mark.parametrize("layers", [1, 3])
def test_cached_samples_are_the_naive_ones(layers):
    model, c, noise = build(layers=layers), normal(4, 3, 5, 6), normal(4, 2, 5, 6, seed=2)
    cached, naive = (model.sample_given(noise, c, cached=choice) for choice in (True, False))
    torch.testing.assert_close(cached, naive)
    mu, log_sigma = model.gaussians(cached, c)  # what was drawn, standardized, is the noise
    torch.testing.assert_close((cached - mu) / log_sigma.exp(), noise)


@torch.no_grad()
def test_it_is_sampled_under_autocast_and_of_no_condition_at_all():
    model, c, noise = build().float(), normal(4, 3, 5, 6).float(), normal(4, 2, 5, 6, seed=2).float()
    plain = model.sample_given(noise, c)
    with torch.autocast("cpu", torch.bfloat16):
        under = model.sample_given(noise, c)
    assert under.dtype == torch.float32 and (under - plain).abs().max() < 0.1 < plain.std()
    assert model.sample(c[:0]).shape == (0, 2, 5, 6)


@torch.no_grad()
def test_samples_have_the_density_of_log_prob(generator):
    """Transformed by the conditionals' distribution functions samples are uniform; false-alarm rate 1e-6 each test.

    And -log p averages to its expectation, the entropies of the conditionals.
    """
    model, n = build(), 4000
    c = normal(1, 3, 3, 3).expand(n, -1, -1, -1)
    z = model.sample(c, generator)
    mu, log_sigma = model.gaussians(z, c)
    uniform = torch.distributions.Normal(mu, log_sigma.exp()).cdf(z)
    assert min(stats.kstest(u.numpy(), "uniform").pvalue for u in uniform.flatten(1).T) > 1e-6 / 18
    # Neighbors are dependent in z and not in what is left when each is predicted from those before.
    left, right = (uniform[..., i].flatten(1).mean(dim=1) for i in (1, 2))
    assert stats.pearsonr(left, right).pvalue > 1e-6
    entropy = (log_sigma + 0.5 + 0.5 * torch.tensor(2 * torch.pi).log()).flatten(1).sum(dim=1)
    difference = (-model.log_prob(z, c) - entropy).view(100, 40).mean(dim=1)
    checks.mean_equals("-log p less the entropy", difference[:, None], torch.zeros(1))
    # The test has power: of a map shifted by a tenth of a standard deviation it would say no.
    shifted = (uniform.clamp(1e-12, 1 - 1e-12).erfinv() * 0 + uniform).add(0.05).clamp_max(1)
    assert stats.kstest(shifted[:, 0, 0, 0].numpy(), "uniform").pvalue < 1e-6


@torch.no_grad()
def test_the_kl_summed_over_places_is_that_of_the_maps(generator):
    """E_q of the places' closed forms against E_q[log q - log p]; false-alarm rate 1e-6."""
    model, n = build(), 4000
    c, mu, log_sigma = normal(1, 3, 3, 3), normal(1, 2, 3, 3, seed=2), 0.2 * normal(1, 2, 3, 3, seed=3) - 1
    z = mu + log_sigma.exp() * torch.randn(n, 2, 3, 3, generator=generator, dtype=torch.float64)
    p = [g.flatten(1) for g in model.gaussians(z, c.expand(n, -1, -1, -1))]
    q = mu.flatten(1), log_sigma.flatten(1)
    closed = kl_diagonal_gaussians(*q, *p)
    direct = gaussian_log_prob(z.flatten(1), *q) - model.log_prob(z, c.expand(n, -1, -1, -1))
    checks.mean_equals("KL", (closed - direct).view(100, 40).mean(dim=1)[:, None], torch.zeros(1))
    assert closed.var() < direct.var() and (closed > 0).all()


def test_outputs_are_bounded_and_in_float32():
    mu, log_sigma = bounded(torch.tensor([[1e4, -1e4, 0, 1e4, -1e4, 0]], dtype=torch.bfloat16))
    assert mu.dtype == log_sigma.dtype == torch.float32
    assert (mu.abs() <= 2).all() and (log_sigma <= 0).all() and log_sigma.isfinite().all()
    torch.testing.assert_close(log_sigma.exp()[0, 2], torch.tensor(0.5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: build(layers=0), "^layers must be at least 1, got 0$"),
        (lambda: build(kernel_size=4), "^kernel_size must be odd, .*; got 4$"),
        (
            lambda: build().log_prob(normal(1, 3, 4, 4), normal(1, 3, 4, 4)),
            "^z must have 2 channels of the size of its condition, 4×4; got 3 channels of 4×4$",
        ),
        (
            lambda: build().log_prob(normal(1, 2, 4, 5), normal(1, 3, 4, 4)),
            "; got 2 channels of 4×5$",
        ),
    ],
)
def test_what_cannot_be_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
