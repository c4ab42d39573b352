"""The faster tanh beside torch's."""

import pytest
import torch

from dgm_helpers.kernels.tanh import Tanh


def test_values_are_within_two_roundings_of_one():
    x = torch.cat(
        [torch.linspace(-20, 20, 100_001), torch.tensor([-1e30, -1e-30, 0.0, 1e-30, 1e30, torch.inf])]
    )
    exact = torch.tanh(x.double())
    assert (Tanh()(x) - exact).abs().max() <= 2 * torch.finfo(torch.float32).eps
    assert Tanh()(x).abs().max() <= 1
    assert Tanh()(torch.tensor([torch.nan])).isnan().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_gradient_is_that_of_tanh(dtype):
    x = torch.linspace(-4, 4, 101, dtype=dtype).requires_grad_()
    (ours,), (theirs,) = (torch.autograd.grad(tanh(x).sum(), x) for tanh in (Tanh(), torch.tanh))
    torch.testing.assert_close(ours, theirs, atol=1e-6 if dtype == torch.float32 else 0.0, rtol=0.0)


def test_second_derivative_and_vmap():
    x = torch.linspace(-2, 2, 9)
    second = torch.func.vmap(torch.func.grad(torch.func.grad(Tanh())))(x)
    tanh = torch.tanh(x)
    torch.testing.assert_close(second, -2 * tanh * (1 - tanh**2), atol=1e-6, rtol=1e-5)


def test_other_precisions_are_torchs_own():
    x = torch.linspace(-3, 3, 31, dtype=torch.float64)
    assert torch.equal(Tanh()(x), torch.tanh(x))


def test_in_place_it_is_the_same_behind_a_linear_layer():
    torch.manual_seed(0)
    linear, x = torch.nn.Linear(5, 7), torch.randn(11, 5, requires_grad=True)
    results = [tanh(linear(x)) for tanh in (Tanh(), Tanh(inplace=True))]
    assert torch.equal(*results)
    wanted = (x, linear.weight, linear.bias)
    for plain, inplace in zip(*(torch.autograd.grad(y.square().sum(), wanted) for y in results), strict=True):
        assert torch.equal(plain, inplace)


def test_in_place_it_takes_no_memory_of_its_own_and_refuses_what_another_gradient_needs():
    x = torch.randn(11)
    assert Tanh(inplace=True)(x).data_ptr() == x.data_ptr()
    squared = torch.randn(11, requires_grad=True).exp()  # whose gradient needs its value
    y = Tanh(inplace=True)(squared)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
