"""Each kernel with and without the switch DGM_PLAIN: the same values and gradients."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from dgm_helpers import kernels
from dgm_helpers.kernels.attention_by_rows import attention_by_rows
from dgm_helpers.kernels.bernoulli import bernoulli_sum
from dgm_helpers.kernels.bernoulli_output import bernoulli_output_log_prob
from dgm_helpers.kernels.linear import ONEDNN, linear, product
from dgm_helpers.kernels.memory import keep_freed_memory
from dgm_helpers.kernels.tanh import tanh
from dgm_helpers.models.iwae import IWAE

EPS = torch.finfo(torch.float32).eps


def output_log_prob(x, features, weight, bias):
    layer = nn.Linear(*reversed(weight.shape))
    del layer.weight, layer.bias  # then the attributes may be any tensors
    layer.weight, layer.bias = weight, bias
    return bernoulli_output_log_prob(x, features, layer)


# Name of the kernel's autograd function, the function, the shapes of its inputs.
KERNELS = {
    "_Linear": (linear, [(64, 300), (100, 300), (100,)]),
    "_Tanh": (tanh, [(50, 40)]),
    "_BernoulliSum": (bernoulli_sum, [(20, 784), (7, 20, 784)]),
    "_BernoulliOutput": (output_log_prob, [(20, 784), (7, 20, 50), (784, 50), (784,)]),
    "_ByRows": (attention_by_rows, [(2, 330, 16), (2, 330, 16), (2, 330, 128)]),
}


def results(function, inputs):
    """Return the value, its autograd function's name and the gradients, with a weight per value."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    value = function(*inputs)
    weights = torch.linspace(-1, 2, value.numel(), dtype=value.dtype).view_as(value)
    return value.detach(), type(value.grad_fn).__name__, torch.autograd.grad((value * weights).sum(), inputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", KERNELS)
def test_values_and_gradients_are_those_of_the_plain_line(name, dtype, generator, monkeypatch):
    """The norm of their difference is at most 30 roundings of the norm.

    One processor showed up to 6. Sums of up to 784 terms in a different order would differ by about the root of 784.
    A wrong term would differ by a part of the norm itself, thousands of roundings or more.
    """
    if name == "_Linear" and ONEDNN is None:
        pytest.skip("this torch has no oneDNN: its own layer is used")
    function, shapes = KERNELS[name]
    inputs = [0.3 * torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    if name.startswith("_Bernoulli"):
        inputs[0] = inputs[0].sigmoid()
    value, by, gradients = results(function, inputs)
    monkeypatch.setattr(kernels, "PLAIN", True)
    plain_value, plain_by, plain_gradients = results(function, inputs)
    own = dtype == torch.float32 or name not in ("_Linear", "_Tanh")  # these two are for float32 only
    assert (name in by) == own and name not in plain_by
    tolerance = 30 * torch.finfo(dtype).eps
    for found, expected in zip((value, *gradients), (plain_value, *plain_gradients), strict=True):
        assert found.dtype == expected.dtype and found.shape == expected.shape
        assert (found - expected).norm() <= tolerance * expected.norm()


def test_a_product_is_that_of_the_plain_line(generator, monkeypatch):
    """Without gradients; each number is a sum of 300 terms, within 300 roundings of the terms' absolute sum."""
    a, b = torch.randn(64, 300, generator=generator), torch.randn(100, 300, generator=generator)
    found = product(a, b)
    monkeypatch.setattr(kernels, "PLAIN", True)
    assert torch.equal(product(a, b), a @ b.T)
    assert ((found - a @ b.T).abs() <= 300 * EPS * (a.abs() @ b.abs().T)).all()


def test_a_model_has_the_same_loss_and_gradients(generator, monkeypatch):
    """IWAE uses products, tanh and the Bernoulli output together.

    tanh's absolute error is amplified where gradients cancel over images and samples: one processor showed differences
    of 125 roundings of a gradient's norm. 1,000 of them are 1e-4 of it.
    """
    model = IWAE(hidden=((200, 200),), latent_dims=(50,), samples=10)
    images = torch.rand(20, 784, generator=generator).round()

    def gradients():
        loss = model.loss(images, torch.Generator().manual_seed(0))["loss"]
        return loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))

    found = gradients()
    monkeypatch.setattr(kernels, "PLAIN", True)
    for one, other in zip(found, gradients(), strict=True):
        assert (one - other).norm() <= 1000 * EPS * other.norm()


def test_the_plain_version_leaves_the_c_library_s_memory_alone(monkeypatch):
    sizes = []
    monkeypatch.setattr(torch, "empty", lambda size, dtype: sizes.append(size))
    keep_freed_memory()
    monkeypatch.setattr(kernels, "PLAIN", True)
    keep_freed_memory()
    assert sizes == [31 << 20]


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False), (None, False)])
def test_the_switch_is_read_from_the_environment(value, expected):
    environment = {name: text for name, text in os.environ.items() if name != "DGM_PLAIN"}
    environment |= {} if value is None else {"DGM_PLAIN": value}
    program = "from dgm_helpers import kernels; print(kernels.plain())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == str(expected)
