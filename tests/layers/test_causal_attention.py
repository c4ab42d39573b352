"""Strictly causal attention against its formula."""

import pytest
import torch

from dgm_helpers.kernels import attention_by_rows as kernel
from dgm_helpers.layers import causal_attention as layer
from dgm_helpers.layers.causal_attention import causal_attention


@pytest.fixture(params=["by rows", "by torch"], autouse=True)
def way(request, monkeypatch):
    """Compute it in both ways, on the CPU."""
    if request.param != "by rows":
        monkeypatch.setattr(layer, "attention_by_rows", layer._by_torch)
    monkeypatch.setattr(kernel, "ROWS", 4)
    return request.param


@pytest.mark.parametrize(("key_size", "value_size"), [(4, 6), (6, 4), (5, 5)])
@pytest.mark.parametrize("positions", [2, 5, 6, 9, 13])
def test_attention_is_its_formula(key_size, value_size, positions):
    q, k = torch.randn(2, 3, positions, key_size, dtype=torch.float64)
    v = torch.randn(3, positions, value_size, dtype=torch.float64)
    scores = (q @ k.transpose(1, 2)) / key_size**0.5
    hidden = torch.ones(positions, positions, dtype=torch.bool).triu()
    weights = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1)
    weights[:, 0] = 0.0  # where nothing comes before
    torch.testing.assert_close(causal_attention(q, k, v), weights @ v)


def test_the_first_position_gives_zeros_and_the_gradients_are_finite():
    q, k, v = (torch.randn(1, 7, 3, requires_grad=True) for _ in range(3))
    y = causal_attention(q, k, v)
    assert y[:, 0].eq(0).all()
    y.sum().backward()
    assert all(x.grad.isfinite().all() for x in (q, k, v))


def test_a_single_position_has_nothing_to_attend_to():
    x = torch.randn(2, 1, 3)
    assert causal_attention(x, x, x).eq(0).all() and causal_attention(x, x, x).shape == (2, 1, 3)


def test_no_position_sees_the_key_or_value_of_its_own_or_a_later_one():
    q, k, v = torch.randn(3, 1, 6, 4, dtype=torch.float64)
    for function, x in ((lambda x: causal_attention(q, x, v), k), (lambda x: causal_attention(q, k, x), v)):
        jacobian = torch.autograd.functional.jacobian(function, x)[0, :, :, 0].abs().sum(dim=(1, 3))
        assert jacobian.triu().eq(0).all()
    assert jacobian.tril(-1)[1:].ne(0).sum() == 15  # every earlier value is seen


@pytest.mark.parametrize("needed", [(True, True, True), (False, True, False), (True, False, True)])
def test_first_and_second_derivatives_are_those_of_finite_differences(needed, way):
    q, k = torch.randn(2, 2, 6, 2, dtype=torch.float64)
    v = torch.randn(2, 6, 3, dtype=torch.float64)
    inputs = tuple(x.requires_grad_(one) for x, one in zip((q, k, v), needed, strict=True))
    assert torch.autograd.gradcheck(causal_attention, inputs)
    if way == "by rows":  # torch's fused form has no second derivative on a CPU
        assert torch.autograd.gradgradcheck(causal_attention, inputs)
        # What is differentiated twice is computed in another way: the first derivative has to be the same.
        wanted = [x for x in inputs if x.requires_grad]
        plain, again = (
            torch.autograd.grad(causal_attention(*inputs).square().sum(), wanted, create_graph=twice)
            for twice in (False, True)
        )
        for one, other in zip(plain, again, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_large_scores_do_not_overflow():
    q, k, v = (torch.randn(1, 9, 4, requires_grad=True) for _ in range(3))
    y = causal_attention(1e4 * q, k, v)
    assert all(x.isfinite().all() for x in (y, *torch.autograd.grad(y.sum(), (q, k, v))))
    best = (
        (q @ k.transpose(1, 2))
        .masked_fill(torch.ones(9, 9, dtype=torch.bool).triu(), -torch.inf)
        .argmax(dim=2)
    )
    torch.testing.assert_close(y[0, 1:], v[0, best[0, 1:]], atol=1e-3, rtol=0)


def test_under_autocast_scores_and_sums_are_in_float32(way):
    q, k, v = (torch.randn(1, 9, 4, requires_grad=True) for _ in range(3))
    expected = torch.autograd.grad(causal_attention(q, k, v).square().sum(), (q, k, v))
    with torch.autocast("cpu", torch.bfloat16):
        y = causal_attention(q, k, v)
        half = causal_attention(*(x.bfloat16() for x in (q, k, v)))
    assert half.dtype == torch.bfloat16
    if way == "by rows":
        assert y.dtype == torch.float32
        for one, other in zip(torch.autograd.grad(y.square().sum(), (q, k, v)), expected, strict=True):
            torch.testing.assert_close(one, other)


def test_of_a_whole_image_in_float32_value_and_gradients_are_those_in_float64(monkeypatch, way):
    monkeypatch.setattr(kernel, "ROWS", 100)  # large enough for products by oneDNN
    inputs = [torch.randn(2, 330, channels) for channels in (16, 16, 128)]

    def results(inputs):
        inputs = [x.requires_grad_() for x in inputs]
        y = causal_attention(*inputs)
        return [y, *torch.autograd.grad(y.square().sum(), inputs)]

    exact = results([x.double() for x in inputs])
    for found, expected in zip(results(inputs), exact, strict=True):
        assert (found - expected).norm() < 1e-5 * expected.norm()
