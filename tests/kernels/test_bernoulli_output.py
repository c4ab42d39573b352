"""A last layer and its likelihood in one function, beside the two one after the other."""

import pytest
import torch
from torch import nn

from dgm_helpers.kernels import bernoulli_output
from dgm_helpers.kernels.bernoulli_output import bernoulli_output_log_prob
from dgm_helpers.objectives.distributions import bernoulli_log_prob


def problem(samples=5, batch=4, pixels=13, units=6, dtype=torch.float64, scale=1.0):
    """Images, features and a layer, all of them with gradients."""
    torch.manual_seed(0)
    x = torch.rand(batch, pixels, dtype=dtype).requires_grad_()
    features = (scale * torch.randn(samples, batch, units, dtype=dtype)).requires_grad_()
    return x, features, nn.Linear(units, pixels).to(dtype)


def one_after_the_other(x, features, layer):
    return bernoulli_log_prob(x, layer(features))


def gradients(log_prob, x, features, layer, **options):
    """Those of a sum with other weights for each value."""
    values = log_prob(x, features, layer)
    weights = torch.linspace(-1, 2, values.numel(), dtype=values.dtype).view_as(values)
    inputs = (x, features, layer.weight, layer.bias)
    return torch.autograd.grad((values * weights).sum(), inputs, **options)


@pytest.mark.parametrize(
    "pixels", [1, 13, 100, 101, 331]
)  # a prime number; fewer, as many, more than FACTORS
@pytest.mark.parametrize("rows", [1, 7, 512])  # fewer than images; parts that are not equal; all at once
def test_value_and_gradients_are_those_of_the_layer_and_the_likelihood(pixels, rows, monkeypatch):
    monkeypatch.setattr(bernoulli_output, "ROWS", rows)
    inputs = problem(pixels=pixels)
    torch.testing.assert_close(
        bernoulli_output_log_prob(*inputs), one_after_the_other(*inputs), rtol=1e-12, atol=1e-12
    )
    ours, theirs = (gradients(way, *inputs) for way in (bernoulli_output_log_prob, one_after_the_other))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)


def test_first_and_second_derivatives_are_those_of_finite_differences(monkeypatch):
    monkeypatch.setattr(bernoulli_output, "ROWS", 4)
    x, features, layer = problem(samples=2, batch=2, pixels=3, units=2)

    def function(x, features, weight, bias):
        return torch.func.functional_call(
            Whole(), {"layer.weight": weight, "layer.bias": bias}, (x, features)
        )

    inputs = (x, features, layer.weight, layer.bias)
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


class Whole(nn.Module):
    """The function as a module, whose parameters can be replaced by any tensors."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3)

    def forward(self, x, features):
        return bernoulli_output_log_prob(x, features, self.layer)


def test_only_what_needs_a_gradient_gets_one():
    x, features, layer = problem()
    x, features = x.detach(), features.detach()
    layer.weight.requires_grad_(False)
    (bias,) = torch.autograd.grad(bernoulli_output_log_prob(x, features, layer).sum(), layer.bias)
    (expected,) = torch.autograd.grad(one_after_the_other(x, features, layer).sum(), layer.bias)
    torch.testing.assert_close(bias, expected)
    (penalty,) = torch.autograd.grad(
        bernoulli_output_log_prob(x, features, layer).sum(), layer.bias, create_graph=True
    )
    penalty.square().sum().backward()
    assert layer.weight.grad is None and layer.bias.grad is not None


def test_gradients_that_can_be_differentiated_again_are_the_same():
    """They come from the plain line; a second derivative is right for a wrong multiple of the first, too."""
    inputs = problem()
    differentiable = gradients(bernoulli_output_log_prob, *inputs, create_graph=True)
    for again, once in zip(differentiable, gradients(bernoulli_output_log_prob, *inputs), strict=True):
        assert again.requires_grad and not once.requires_grad
        torch.testing.assert_close(again.detach(), once, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_float32_keeps_its_precision_where_sigmoids_round_to_zero_and_one(scale):
    """Beside float64: errors of a few roundings of the largest sum in it, Σ |l|; FACTORS halves do not underflow."""
    x, features, layer = problem(samples=50, pixels=784, units=20, dtype=torch.float32, scale=scale)
    exact = one_after_the_other(*(tensor.double() for tensor in (x, features)), layer.double())
    largest = layer(features.double()).abs().sum(dim=-1).max()
    ours = bernoulli_output_log_prob(x, features, layer.float())
    assert (ours - exact).abs().max() < 4e-7 * largest
    zeros = nn.Linear(20, 784)
    nn.init.zeros_(zeros.weight), nn.init.zeros_(zeros.bias)
    torch.testing.assert_close(
        bernoulli_output_log_prob(x, features, zeros), torch.full((50, 4), -784 * 0.6931471805599453)
    )


def test_under_autocast_the_product_is_in_half_precision_and_the_likelihood_in_float32():
    x, features, layer = problem(samples=50, pixels=784, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        values = bernoulli_output_log_prob(x, features, layer)
        logits = layer(features)
    assert logits.dtype == torch.bfloat16 and values.dtype == torch.float32
    torch.testing.assert_close(values, bernoulli_log_prob(x, logits.float()))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_model_of_half_precision_has_its_likelihood_in_float32(dtype):
    x, features, layer = problem(samples=50, pixels=784, dtype=dtype)
    values = bernoulli_output_log_prob(x, features, layer)
    assert values.dtype == torch.float32 and values.isfinite().all()
    torch.testing.assert_close(values, bernoulli_log_prob(x.float(), layer(features).float()))
    assert all(
        gradient.isfinite().all() for gradient in gradients(bernoulli_output_log_prob, x, features, layer)
    )


def test_a_nan_in_features_reaches_its_rows_alone():
    x, features, layer = problem()
    features = features.detach()
    features[1, 2, 0] = torch.nan
    values = bernoulli_output_log_prob(x.detach(), features, layer)
    expected = torch.zeros(5, 4, dtype=torch.bool)
    expected[1, 2] = True
    assert (values.isnan() == expected).all()


def test_without_gradients_nothing_is_kept():
    """What is kept for the gradients is as large as the logits; an evaluation has no use for it."""
    x, features, layer = problem()
    assert bernoulli_output_log_prob(x, features, layer).grad_fn is not None
    with torch.no_grad():
        assert bernoulli_output_log_prob(x, features, layer).grad_fn is None
        outputs = bernoulli_output._BernoulliOutput.apply(False, x, features, layer.weight, layer.bias)
    assert len(outputs) == 1


def test_no_samples_and_no_images():
    x, features, layer = problem()
    assert bernoulli_output_log_prob(x[:0], features[:, :0], layer).shape == (5, 0)


def test_a_function_transform_gives_the_same_gradient():
    x, features, layer = problem()
    found = torch.func.grad(lambda h: bernoulli_output_log_prob(x.detach(), h, layer).sum())(
        features.detach()
    )
    (expected,) = torch.autograd.grad(one_after_the_other(x, features, layer).sum(), features)
    torch.testing.assert_close(found, expected)


def test_a_layer_without_bias_is_taken_too():
    x, features, _ = problem()
    layer = nn.Linear(6, 13, bias=False).double()
    torch.testing.assert_close(
        bernoulli_output_log_prob(x, features, layer), one_after_the_other(x, features, layer)
    )
