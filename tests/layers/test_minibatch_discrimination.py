"""Minibatch features, against the double sum of the paper."""

import math

import pytest
import torch

from dgm_helpers.layers.minibatch_discrimination import MinibatchDiscrimination, minibatch_features


def test_the_features_are_the_double_sum_without_the_example_itself(generator):
    m = torch.randn(5, 3, 2, generator=generator, dtype=torch.float64)
    expected = torch.zeros(5, 3, dtype=torch.float64)
    for i in range(5):
        for b in range(3):
            for j in range(5):
                if j != i:
                    expected[i, b] += math.exp(-float((m[i, b] - m[j, b]).abs().sum()))
    torch.testing.assert_close(minibatch_features(m), expected)


def test_a_collapsed_batch_is_as_close_as_can_be_and_a_spread_one_is_not():
    same = torch.ones(6, 2, 3)
    assert torch.equal(minibatch_features(same), torch.full((6, 2), 5.0))
    apart = 1000.0 * torch.arange(6)[:, None, None].expand(6, 2, 3)
    assert torch.equal(minibatch_features(apart), torch.zeros(6, 2))
    assert torch.equal(minibatch_features(same[:1]), torch.zeros(1, 2))


def test_the_gradient_is_right_and_finite_where_examples_coincide(generator):
    m = torch.randn(4, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(minibatch_features, m)
    same = torch.ones(3, 2, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(minibatch_features(same).sum(), same)
    assert torch.isfinite(gradient).all()


def test_the_layer_appends_the_closenesses_to_the_features(generator):
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(7, kernels=3, dims=2).double()
    features = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    output = layer(features)
    assert output.shape == (5, 10) and torch.equal(output[:, :7], features)
    torch.testing.assert_close(output[:, 7:], minibatch_features((features @ layer.weight).view(5, 3, 2)))
    # An order of the examples is none of the layer's business.
    order = torch.tensor([3, 1, 4, 0, 2])
    torch.testing.assert_close(layer(features[order]), output[order])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_closenesses_are_computed_in_float32_at_least(dtype):
    assert (
        minibatch_features(torch.ones(300, 1, 1, dtype=dtype))[0, 0] == 299
    )  # bfloat16 stops counting at 256
