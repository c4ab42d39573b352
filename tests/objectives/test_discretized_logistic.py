"""The discretized logistic against many digits, its sum over all levels, and samples against their probabilities."""

import itertools

import mpmath
import pytest
import torch
from scipy import stats

from dgm_helpers.objectives.discretized_logistic import (
    conditional_means,
    discretized_logistic_log_prob,
    mixture_log_prob,
    mixture_size,
    sample_mixture,
    split_mixture,
)

LOG_SCALES = list(range(-7, 6))
LEVELS = torch.arange(256).float() / 127.5 - 1


def every_case():
    """All 256 levels, means inside and outside of [-1, 1], one scale a row; float32."""
    means = torch.tensor([-1.3, -0.5, -0.0031, 0.0, 0.37, 1.0, 2.0])
    return torch.broadcast_tensors(LEVELS, means[:, None], torch.tensor(LOG_SCALES).float()[:, None, None])


def with_many_digits(x, mean, log_scale, levels=256):
    """The definition, a difference of two sigmoids, with 1,700 digits: some probabilities are below 1e-1500."""
    with mpmath.workdps(1700):
        x, mean, half = mpmath.mpf(x), mpmath.mpf(mean), mpmath.mpf(1) / (levels - 1)
        scale = mpmath.exp(mpmath.mpf(log_scale))

        def cdf(value):
            return 1 / (1 + mpmath.exp(-(value - mean) / scale))

        upper = 1 if x > 1 - half else cdf(x + half)
        lower = 0 if x < half - 1 else cdf(x - half)
        return float(mpmath.log(upper - lower))


def test_the_values_in_float64_are_the_definition_with_many_digits():
    x, mean, log_scale = (value.double()[::3, :, ::51] for value in every_case())  # 0 and 255 among them
    expected = [
        with_many_digits(*case)
        for case in zip(*(v.flatten().tolist() for v in (x, mean, log_scale)), strict=True)
    ]
    actual = discretized_logistic_log_prob(x, mean, log_scale)
    torch.testing.assert_close(
        actual.flatten(), torch.tensor(expected, dtype=torch.float64), rtol=1e-11, atol=1e-11
    )


def differentiated(x, mean, log_scale):
    mean, log_scale = (value.clone().requires_grad_() for value in (mean, log_scale))
    value = discretized_logistic_log_prob(x, mean, log_scale)
    return value.detach(), torch.stack(torch.autograd.grad(value.sum(), [mean, log_scale]))


def test_float32_is_as_right_as_float64_in_value_and_gradient_at_every_scale():
    value, gradient = differentiated(*every_case())
    exact, exact_gradient = differentiated(*(v.double() for v in every_case()))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), exact, rtol=3e-6, atol=3e-6)
    for row, exact_row in zip(gradient.unbind(1), exact_gradient.unbind(1), strict=True):
        assert (row.double() - exact_row).norm() < 2e-5 * exact_row.norm()


def published_form(x, mean, log_scale):
    """How published code computes an inner level: a difference of sigmoids, and a density where that is small."""
    scaled = (x - mean) * torch.exp(-log_scale)
    half = torch.exp(-log_scale) / 255
    probability = torch.sigmoid(scaled + half) - torch.sigmoid(scaled - half)
    density = scaled - log_scale - 2 * torch.nn.functional.softplus(scaled) - torch.log(torch.tensor(127.5))
    return torch.where(probability > 1e-5, probability.clamp_min(1e-12).log(), density)


def test_the_published_form_is_wrong_where_ours_is_right():
    x, mean, log_scale = (v[..., 1:-1] for v in every_case())
    exact = discretized_logistic_log_prob(x.double(), mean.double(), log_scale.double())
    wrong = (published_form(x, mean, log_scale).double() - exact).abs()
    ours = (discretized_logistic_log_prob(x, mean, log_scale).double() - exact).abs() / (1 + exact.abs())
    assert wrong[0].max() > 1 and wrong[-1].max() > 1e-3 and ours.max() < 3e-6


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("levels", [2, 3, 256])
def test_probabilities_of_all_levels_sum_to_one(dtype, tolerance, levels):
    x = (2 * torch.arange(levels, dtype=torch.float64) / (levels - 1) - 1).to(dtype)
    mean = torch.tensor([-1.3, -0.2, 0.0, 0.9, 4.0], dtype=dtype)[:, None]
    log_scale = torch.tensor(LOG_SCALES, dtype=dtype)[:, None, None]
    total = discretized_logistic_log_prob(x, mean, log_scale, levels).exp().sum(dim=-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=tolerance)


def test_value_and_gradient_stay_finite_far_away():
    x, mean = torch.tensor([-1.0, -0.9, 0.0, 1.0]), torch.tensor([1e3, -50.0, 7.0, -1e3])
    for log_scale in (-7.0, -12.0, 5.0, 20.0):
        value, gradient = differentiated(x, mean, torch.full((4,), log_scale))
        assert value.isfinite().all() and gradient.isfinite().all()


def test_bfloat16_is_computed_in_float32():
    x, mean, log_scale = torch.tensor([0.5]), torch.tensor([0.25]), torch.tensor([-3.0])
    half_precision = discretized_logistic_log_prob(x, mean.bfloat16(), log_scale.bfloat16())
    assert half_precision.dtype == torch.float32
    assert torch.equal(half_precision, discretized_logistic_log_prob(x, mean, log_scale))


def random_mixture(batch, mixtures, channels, generator, space=()):
    def draw(*shape):
        return torch.randn(batch, mixtures, *shape, *space, generator=generator, dtype=torch.float64)

    pairs = channels * (channels - 1) // 2
    return draw(), 0.5 * draw(channels), draw(channels) - 1, draw(pairs).tanh()


def test_a_mixture_is_the_weighted_sum_of_its_components(generator):
    logits, means, log_scales, _ = random_mixture(5, 4, 2, generator, space=(3,))
    x = 2 * torch.randint(8, (5, 2, 3), generator=generator).double() / 7 - 1
    expected = torch.zeros(5, 3).double()
    for m in range(4):
        weight = logits.softmax(dim=1)[:, m]
        each = discretized_logistic_log_prob(x, means[:, m], log_scales[:, m], levels=8).exp()
        expected += weight * each.prod(dim=1)
    actual = mixture_log_prob(x, logits, means, log_scales, levels=8)
    torch.testing.assert_close(actual, expected.log())


def test_means_are_linear_in_the_earlier_channels(generator):
    _, means, _, coefficients = random_mixture(2, 3, 3, generator)
    alpha, beta, gamma = coefficients.unbind(2)
    x = torch.rand(2, 3, generator=generator, dtype=torch.float64)
    red, green = x[:, None, 0], x[:, None, 1]
    expected = [means[:, :, 0], means[:, :, 1] + alpha * red, means[:, :, 2] + beta * red + gamma * green]
    torch.testing.assert_close(conditional_means(means, coefficients, x), torch.stack(expected, dim=2))


@pytest.mark.parametrize(("channels", "levels"), [(1, 256), (3, 4)])
def test_samples_of_a_pixel_have_its_probabilities(channels, levels, generator):
    # Chi-square at a false-alarm rate of 1e-6, values expected less than five times taken together.
    count = 20_000
    mixture = random_mixture(1, 3, channels, generator)
    uniforms = torch.rand(count, channels + 1, generator=generator, dtype=torch.float64)
    samples = sample_mixture(*(part.expand(count, *part.shape[1:]) for part in mixture), uniforms, levels)
    values = torch.arange(levels).double() * 2 / (levels - 1) - 1
    pixels = torch.tensor(list(itertools.product(values.tolist(), repeat=channels))).double()
    logits, means, log_scales, coefficients = (part.expand(len(pixels), *part.shape[1:]) for part in mixture)
    means = conditional_means(means, coefficients, pixels)
    probabilities = mixture_log_prob(pixels, logits, means, log_scales, levels).exp()
    torch.testing.assert_close(probabilities.sum(), torch.ones(()).double())
    digits = (levels ** torch.arange(channels).flip(0)).double()
    number = (((samples + 1) * (levels - 1) / 2).round() @ digits).long()
    observed, expected = torch.bincount(number, minlength=len(pixels)).double(), count * probabilities
    rare = expected < 5
    observed, expected = (torch.cat([v[~rare], v[rare].sum()[None] + 1e-9]) for v in (observed, expected))
    assert stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-6


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_networks_output_is_split_component_by_component(dtype):
    """Of each component a logit, the means, the log-scales and the coefficients, which stay in their bounds."""
    assert mixture_size(4, 1) == 12 and mixture_size(10, 3) == 100
    output = (torch.arange(20).view(1, 20, 1, 1) - 10).expand(2, 20, 3, 5).to(dtype)
    logits, means, log_scales, coefficients = (part[0, ..., 0, 0] for part in split_mixture(output, 2, 3))
    exact = torch.promote_types(dtype, torch.float32)
    assert {part.dtype for part in (logits, means, log_scales, coefficients)} == {exact}
    assert logits.tolist() == [-10, 0] and means.tolist() == [[-9, -8, -7], [1, 2, 3]]
    assert log_scales.tolist() == [[-6, -5, -4], [4, 5, 6]]
    torch.testing.assert_close(coefficients, torch.tensor([[-3, -2, -1], [7, 8, 9]]).to(exact).tanh())
    assert split_mixture(output - 90, 2, 3)[2].eq(-7).all()


def test_a_component_of_weight_zero_is_not_drawn_by_a_uniform_number_of_zero():
    logits, means = torch.tensor([[-torch.inf, 0.0]]), torch.tensor([[[-1.0], [1.0]]])
    none = torch.zeros(1, 2, 0)
    x = sample_mixture(logits, means, torch.full((1, 2, 1), -7.0), none, torch.tensor([[0.0, 0.5]]))
    assert x.item() == 1
