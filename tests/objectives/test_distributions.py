"""Densities, entropies and divergences against torch.distributions in float64, or a series that is more precise."""

import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch import distributions as td

from dgm_helpers import checks
from dgm_helpers.objectives.distributions import (
    bernoulli_log_prob,
    gaussian_entropy,
    gaussian_log_prob,
    gaussian_sample,
    gaussian_sample_and_log_prob,
    kl_diagonal_gaussians,
    kl_per_unit,
    kl_to_correlated_gaussian,
    kl_to_standard_normal,
)

# Leading axes of two arguments, which broadcast against each other, and what they give.
BROADCASTS = [
    ((), (), ()),
    ((4,), (4,), (4,)),
    ((4,), (), (4,)),
    ((), (4,), (4,)),
    ((3, 4), (4,), (3, 4)),
    ((4,), (3, 4), (3, 4)),
    ((3, 1), (4,), (3, 4)),
    ((3, 1), (1, 4), (3, 4)),
]


def normal(mu, log_sigma):
    return td.Independent(td.Normal(mu, log_sigma.exp()), 1)


@st.composite
def gaussians(draw, count: int = 1):
    """``count`` pairs of mu and log_sigma of one shape, log_sigma in [-4, 4]."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    tensors = []
    for _ in range(count):
        tensors.append(3 * torch.randn(shape, generator=generator, dtype=torch.float64))
        tensors.append(8 * torch.rand(shape, generator=generator, dtype=torch.float64) - 4)
    return tensors


def assert_close(actual, expected, rtol=1e-12, atol=1e-12):
    torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)


@given(gaussians(2))
def test_gaussian_log_prob_is_torchs(tensors):
    z, _, mu, log_sigma = tensors
    assert_close(gaussian_log_prob(z, mu, log_sigma), normal(mu, log_sigma).log_prob(z))


@given(gaussians())
def test_gaussian_entropy_is_torchs(tensors):
    mu, log_sigma = tensors
    assert_close(gaussian_entropy(log_sigma), normal(mu, log_sigma).entropy())


@given(gaussians(2))
def test_kl_is_torchs_and_not_negative(tensors):
    mu_q, log_sigma_q, mu_p, log_sigma_p = tensors
    kl = kl_diagonal_gaussians(*tensors)
    assert_close(kl, td.kl_divergence(normal(mu_q, log_sigma_q), normal(mu_p, log_sigma_p)))
    assert (kl >= 0).all()


@given(gaussians())
def test_kl_of_a_distribution_with_itself_is_zero(tensors):
    assert (kl_diagonal_gaussians(*tensors, *tensors) == 0).all()


@given(gaussians())
def test_kl_to_standard_normal_is_the_sum_over_units_and_the_special_case(tensors):
    mu, log_sigma = tensors
    zeros = torch.zeros_like(mu)
    kl = kl_to_standard_normal(mu, log_sigma)
    assert_close(kl, kl_diagonal_gaussians(mu, log_sigma, zeros, zeros))
    assert_close(kl, kl_per_unit(mu, log_sigma).sum(dim=-1))
    assert (kl_per_unit(mu, log_sigma) >= 0).all()


def test_kl_agrees_with_monte_carlo(generator):
    mu_q, log_sigma_q, mu_p, log_sigma_p = torch.randn(4, 3, 2, generator=generator, dtype=torch.float64)
    z = gaussian_sample(mu_q.expand(20_000, 3, 2), log_sigma_q.expand(20_000, 3, 2), generator)
    ratios = gaussian_log_prob(z, mu_q, log_sigma_q) - gaussian_log_prob(z, mu_p, log_sigma_p)
    # False-alarm rate 1e-6, and the seed is fixed.
    checks.mean_equals("KL", ratios, kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p))


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, 1e-7])
def test_kl_of_nearly_equal_distributions_keeps_its_digits(distance):
    # KL(N(0, e^{2r}) || N(0, 1)) = (e^{2r} - 1 - 2r) / 2 = r^2 + 2 r^3 / 3 + r^4 / 3 + ...
    r = torch.tensor([distance], dtype=torch.float64)
    series = sum(float(2 * distance) ** k / math.factorial(k) for k in range(12, 1, -1)) / 2
    zero = torch.zeros(1, dtype=torch.float64)
    checks.equal("KL", kl_diagonal_gaussians(zero, r, zero, zero), series, rtol=1e-15 / distance, atol=0)
    checks.equal("KL", kl_to_standard_normal(zero, r), series, rtol=1e-15 / distance, atol=0)
    # Far from the origin, where a difference of two squares would have cancelled.
    shift = torch.tensor([distance], dtype=torch.float64)
    checks.equal("KL", kl_diagonal_gaussians(shift, zero, zero, zero), distance**2 / 2, rtol=1e-14, atol=0)


def test_kl_in_float32_of_nearly_equal_distributions_is_not_negative():
    r = torch.linspace(-1e-2, 1e-2, 100_001)[:, None]
    zero = torch.zeros_like(r)
    assert (kl_diagonal_gaussians(zero, r, zero, zero) >= 0).all()


@given(gaussians(), st.integers(0, 2**32 - 1))
def test_bernoulli_log_prob_is_torchs(tensors, seed):
    logits = 5 * tensors[0]
    probabilities = logits.sigmoid()
    x = torch.bernoulli(probabilities, generator=torch.Generator().manual_seed(seed))
    assert_close(bernoulli_log_prob(x, logits), td.Independent(td.Bernoulli(logits=logits), 1).log_prob(x))


@given(gaussians())
def test_bernoulli_log_prob_of_gray_pixels_is_the_cross_entropy(tensors):
    logits, gray = tensors[0], tensors[1].sigmoid()
    expected = gray * logits.sigmoid().log() + (1 - gray) * (-logits).sigmoid().log()
    assert_close(bernoulli_log_prob(gray, logits), expected.sum(dim=-1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("x", "logit", "value", "gradient"),
    [(1, 120, 0, 0), (0, 120, -120, -1), (1, -120, -120, 1), (0, -120, 0, 0), (0.25, 120, -90, -0.75)],
)
def test_bernoulli_log_prob_at_extreme_logits(dtype, x, logit, value, gradient):
    logits = torch.tensor([logit], dtype=dtype, requires_grad=True)
    result = bernoulli_log_prob(torch.tensor([x], dtype=dtype), logits)
    result.backward()
    # e^-120 is 8e-53, far below the spacing of floats near the value.
    checks.equal("log-probability", result, value, rtol=1e-7, atol=1e-30)
    checks.equal("gradient", logits.grad, [gradient], rtol=1e-7, atol=1e-30)


@pytest.mark.parametrize("logit", [18.0, 21.0, 25.0, 30.0])
def test_bernoulli_log_prob_is_exact_where_torchs_softplus_rounds(logit):
    logits = torch.tensor([logit], dtype=torch.float64)
    expected = -math.log1p(math.exp(-logit))
    checks.equal("log p(1)", bernoulli_log_prob(torch.ones(1).double(), logits), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("left", "right", "result"), BROADCASTS)
def test_arguments_broadcast(left, right, result, generator):
    def tensor(shape):
        return torch.randn(*shape, 2, generator=generator, dtype=torch.float64)

    a, b, c = tensor(left), tensor(right), tensor(())
    full_a, full_b, full_c = (t.expand(*result, 2) for t in (a, b, c))
    assert_close(gaussian_log_prob(a, b, c), gaussian_log_prob(full_a, full_b, full_c))
    assert_close(gaussian_log_prob(c, a, b), gaussian_log_prob(full_c, full_a, full_b))
    assert_close(kl_diagonal_gaussians(a, c, b, c), kl_diagonal_gaussians(full_a, full_c, full_b, full_c))
    assert_close(bernoulli_log_prob(a, b), bernoulli_log_prob(full_a, full_b))
    assert gaussian_log_prob(a, b, c).shape == result
    assert gaussian_sample(a, b, generator).shape == (*result, 2)


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((3, 2), (3, 5))])
def test_shapes_that_do_not_fit_are_refused_in_tests(shapes):
    one, other = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(TypeCheckError, match="mu"):
        gaussian_log_prob(one, other, one)


def test_samples_have_the_right_moments(generator):
    mu = torch.tensor([1.0, -2.0], dtype=torch.float64)
    log_sigma = torch.tensor([0.5, -1.0], dtype=torch.float64)
    z = gaussian_sample(mu.expand(50_000, 2), log_sigma.expand(50_000, 2), generator)
    checks.mean_equals("mean", z, mu)
    checks.mean_equals("variance", (z - mu) ** 2, (2 * log_sigma).exp())
    checks.mean_equals("covariance", ((z - mu).prod(dim=-1)), 0.0)


def test_each_row_gets_noise_of_its_own_where_only_one_parameter_has_rows(generator):
    z = gaussian_sample(torch.zeros(2), torch.zeros(5, 2), generator)
    assert len(z.unique()) == 10


def test_samples_are_reparametrized(generator):
    mu = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    log_sigma = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
    z = gaussian_sample(mu, log_sigma, generator)
    of_mu, of_log_sigma = torch.autograd.grad(z.sum(), (mu, log_sigma))
    checks.equal("dz/dmu", of_mu, [1, 1])
    checks.equal("dz/dlog sigma", of_log_sigma, z - mu)


def test_samples_come_from_the_generator_and_in_the_dtype_of_mu():
    draws = [
        gaussian_sample(
            torch.zeros(5, dtype=dtype), torch.zeros(5, dtype=dtype), torch.Generator().manual_seed(3)
        )
        for dtype in (torch.float64, torch.float64, torch.float32)
    ]
    assert torch.equal(draws[0], draws[1])
    assert [z.dtype for z in draws] == [torch.float64, torch.float64, torch.float32]
    assert (draws[0] != draws[0].float()).all()  # the noise too has the resolution of float64


@given(gaussians(2))
def test_float32_agrees_to_its_precision(tensors):
    single = [tensor.float() for tensor in tensors]
    exact = [tensor.double() for tensor in single]
    z, mu, log_sigma = exact[0], exact[2], exact[3]
    terms = (z - mu).pow(2) * torch.exp(-2 * log_sigma)
    scale = terms.sum(dim=-1) + 10 * z.shape[-1]
    error = gaussian_log_prob(single[0], single[2], single[3]) - gaussian_log_prob(z, mu, log_sigma)
    assert (error.abs() <= 1e-5 * scale).all()
    assert gaussian_log_prob(single[0], single[2], single[3]).dtype == torch.float32


@pytest.mark.parametrize("size", [1, 4])
def test_kl_to_a_correlated_gaussian_is_torchs(size, generator):
    mu, mean = torch.randn(2, 3, size, generator=generator, dtype=torch.float64)
    log_sigma = torch.rand(3, size, generator=generator, dtype=torch.float64) - 0.5
    factor = torch.randn(size, size, generator=generator, dtype=torch.float64)
    precision = factor @ factor.T + torch.eye(size).double()
    q = td.MultivariateNormal(mu, covariance_matrix=torch.diag_embed(torch.exp(2 * log_sigma)))
    expected = td.kl_divergence(q, td.MultivariateNormal(mean, precision_matrix=precision))
    assert_close(kl_to_correlated_gaussian(mu, log_sigma, mean, precision), expected, rtol=1e-9)
    # With a diagonal precision it is the divergence of two diagonal Gaussians.
    diagonal = torch.exp(torch.randn(size, generator=generator, dtype=torch.float64))
    expected = kl_diagonal_gaussians(mu, log_sigma, mean, -0.5 * diagonal.log())
    assert_close(kl_to_correlated_gaussian(mu, log_sigma, mean, diagonal.diag()), expected, rtol=1e-9)


@pytest.mark.parametrize(("left", "right", "shape"), BROADCASTS)
def test_bernoulli_log_prob_has_the_gradients_of_both_arguments_twice(left, right, shape, generator):
    x = torch.rand(*left, 5, generator=generator, dtype=torch.float64).requires_grad_()
    logits = (3 * torch.randn(*right, 5, generator=generator, dtype=torch.float64)).requires_grad_()
    assert bernoulli_log_prob(x, logits).shape == shape
    assert torch.autograd.gradcheck(bernoulli_log_prob, (x, logits))
    assert torch.autograd.gradgradcheck(bernoulli_log_prob, (x, logits))


def test_bernoulli_log_prob_is_differentiated_by_torch_func(generator):
    x = torch.rand(4, 5, generator=generator).round()
    logits = torch.randn(4, 5, generator=generator)
    each = torch.func.vmap(torch.func.grad(bernoulli_log_prob, argnums=1))(x, logits)
    torch.testing.assert_close(each, x - logits.sigmoid())


def test_bernoulli_log_prob_stays_in_float32_under_autocast(generator):
    x, logits = torch.rand(4, 784, generator=generator).round(), torch.randn(3, 4, 784, generator=generator)
    logits.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        result = bernoulli_log_prob(x, logits)
        (gradient,) = torch.autograd.grad(result.sum(), logits)
    assert result.dtype == gradient.dtype == torch.float32
    expected = td.Bernoulli(logits=logits.detach().double()).log_prob(x.double()).sum(dim=-1)
    torch.testing.assert_close(result.double(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize(("left", "right", "shape"), BROADCASTS)
def test_sample_and_log_prob_are_those_of_the_two_functions(left, right, shape, generator):
    mu = torch.randn(*left, 5, generator=generator, dtype=torch.float64).requires_grad_()
    log_sigma = torch.randn(*right, 5, generator=generator, dtype=torch.float64).requires_grad_()
    z, log_prob = gaussian_sample_and_log_prob(mu, log_sigma, torch.Generator().manual_seed(7))
    expected = gaussian_sample(mu, log_sigma, torch.Generator().manual_seed(7))
    assert torch.equal(z, expected) and log_prob.shape == shape
    torch.testing.assert_close(log_prob, gaussian_log_prob(expected, mu, log_sigma))
    # The total derivative: through z, and through the parameters themselves.
    ours, theirs = (
        torch.autograd.grad((value * value).sum(), (mu, log_sigma), allow_unused=True, materialize_grads=True)
        for value in (log_prob, gaussian_log_prob(expected, mu, log_sigma))
    )
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-9, rtol=1e-9)


def test_bernoulli_log_prob_of_half_precision_is_summed_in_float32(generator):
    logits = torch.randn(4, 784, generator=generator).bfloat16()
    x = logits.sigmoid()  # as in the entropy of a BernoulliVAE's bits, under autocast
    result = bernoulli_log_prob(x, logits)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, bernoulli_log_prob(x.float(), logits.float()), rtol=0, atol=0)


def test_so_many_samples_are_those_of_so_many_copies(generator):
    mu, log_sigma = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    several = gaussian_sample_and_log_prob(mu, log_sigma, torch.Generator().manual_seed(7), samples=5)
    copies = (parameter.expand(5, -1, -1) for parameter in (mu, log_sigma))
    for one, other in zip(
        several, gaussian_sample_and_log_prob(*copies, torch.Generator().manual_seed(7)), strict=True
    ):
        assert one.shape[:2] == (5, 4)
        torch.testing.assert_close(one, other, rtol=1e-14, atol=0)


def test_samples_without_a_generator_can_be_compiled_for_sizes_that_vary():
    # In a process of its own: the checks of shapes at run time, which the tests switch on, cannot be compiled.
    code = (
        "import torch; from dgm_helpers.objectives.distributions import gaussian_sample as plain\n"
        "compiled, draws = torch.compile(plain, backend='eager', dynamic=True), []\n"
        "for function in (plain, compiled):\n"
        "    torch.manual_seed(0)\n"
        "    draws.append(function(torch.zeros(3, 4), torch.ones(3, 4)))\n"
        "assert torch.equal(*draws)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
