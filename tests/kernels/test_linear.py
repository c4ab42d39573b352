"""Linear layers by oneDNN: the same numbers and gradients as torch's, where it is used and where it is not."""

import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dgm_helpers.kernels import linear
from dgm_helpers.kernels.linear import COLUMNS, MULTIPLICATIONS, Linear, product

SIZES = [
    (64, 200, 100),
    (1, 1024, 1024),
    (1000, 2, 600),
    (4000, 300, COLUMNS),
]  # rows, inputs, outputs: all worth it


@pytest.fixture
def by_onednn(monkeypatch):
    """How often oneDNN was asked."""
    if linear.ONEDNN is None:
        pytest.skip("this torch has no oneDNN: its own layer is used")
    calls = []

    def counted(*arguments):
        assert (
            arguments[1].is_contiguous() or arguments[1].T.is_contiguous()
        )  # else it takes a thousand times as long
        calls.append(arguments)
        return onednn(*arguments)

    onednn = linear.ONEDNN
    monkeypatch.setattr(linear, "ONEDNN", counted)
    return calls


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)])
def test_product(sizes, transposed, generator, by_onednn):
    rows, inner, columns = sizes
    a, b = (
        torch.randn(inner, n, generator=generator).T if t else torch.randn(n, inner, generator=generator)
        for n, t in zip((rows, columns), transposed, strict=True)
    )
    bias = torch.randn(columns, generator=generator)
    exact = a.double() @ b.double().T
    assert len(by_onednn) == 0
    torch.testing.assert_close(product(a, b).double(), exact, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(product(a, b, bias).double(), exact + bias, rtol=1e-5, atol=1e-4)
    assert len(by_onednn) == 2


@pytest.mark.parametrize("shape", [(64, 300), (4, 16, 300), (2, 4, 8, 300)])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_and_gradients_are_torch_s(shape, bias, generator, by_onednn):
    layer, x = Linear(300, 100, bias=bias), torch.randn(shape, generator=generator, requires_grad=True)
    along = torch.randn(*shape[:-1], 100, generator=generator)
    inputs = (x, *layer.parameters())
    ours = layer(x)
    gradients = torch.autograd.grad(ours, inputs, along)
    assert len(by_onednn) == 3
    exact = F.linear(x.double(), *(p.double() for p in layer.parameters()))
    torch.testing.assert_close(ours.double(), exact, rtol=1e-5, atol=1e-5)
    for found, expected in zip(gradients, torch.autograd.grad(exact, inputs, along.double()), strict=True):
        torch.testing.assert_close(found, expected.to(found.dtype), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("part", ["rows", "columns"])
def test_parts_of_larger_matrices(part, generator, by_onednn):
    a, b = torch.randn(64, 400, generator=generator), torch.randn(200, 400, generator=generator)
    a, b = (a[:, 7:307], b[::2, 9:309]) if part == "columns" else (a[::2, :400], b[::2])
    torch.testing.assert_close(product(a, b), F.linear(a, b), rtol=1e-5, atol=1e-4)
    layer = Linear(b.shape[1], 100)
    with torch.no_grad():
        layer.weight = nn.Parameter(b)
    x = a.detach().requires_grad_()
    for found, expected in zip(*(torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])
                                 for y in (layer(x), F.linear(x, layer.weight, layer.bias))), strict=True):  # fmt: skip
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
    assert len(by_onednn) == 4


def test_only_the_gradients_asked_for_are_computed(generator, by_onednn):
    layer, x = Linear(300, 100).requires_grad_(False), torch.randn(64, 300, requires_grad=True)
    layer(x).sum().backward()
    assert len(by_onednn) == 2 and layer.weight.grad is None
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand_as(x))


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")  # vmap asks for one at a time
def test_second_derivatives_and_transforms(generator, by_onednn):
    layer, plain = Linear(300, 100), nn.Linear(300, 100)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(64, 300, generator=generator)

    def penalty(layer):
        inputs = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(layer(inputs).tanh().sum(), inputs, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), [inputs, *layer.parameters()])

    for found, expected in zip(penalty(layer), penalty(plain), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    batches = torch.randn(3, 64, 300, generator=generator)
    each = torch.func.vmap(torch.func.grad(lambda x: layer(x).square().sum()))(batches)
    expected = torch.func.vmap(torch.func.grad(lambda x: plain(x).square().sum()))(batches)
    torch.testing.assert_close(each, expected, rtol=1e-4, atol=1e-3)
    assert by_onednn


@pytest.mark.parametrize(
    "x",
    [torch.ones(MULTIPLICATIONS // 100 // 300, 300), torch.ones(0, 300), torch.ones(300)],
    ids=["few rows", "no rows", "a vector"],
)
def test_where_it_is_not_worth_it_torch_s_layer_is_used(x, by_onednn):
    layer = Linear(300, 100)
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias), rtol=0, atol=0)
    narrow = Linear(1000, COLUMNS - 1)
    narrow(torch.ones(1000, 1000))
    assert not by_onednn


def test_other_precisions_are_torch_s(generator, by_onednn):
    layer, x = Linear(300, 100), torch.randn(64, 300, generator=generator)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
    assert layer.double()(x.double()).dtype == torch.float64
    with pytest.raises(RuntimeError, match="dtype"):
        layer(x)
    assert not by_onednn


def test_without_onednn(monkeypatch, generator):
    monkeypatch.setattr(linear, "ONEDNN", None)
    layer, x = Linear(300, 100), torch.randn(64, 300, generator=generator)
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias), rtol=0, atol=0)
    torch.testing.assert_close(product(x, layer.weight), F.linear(x, layer.weight), rtol=0, atol=0)


def test_while_a_model_is_compiled_it_is_torch_s_layer(generator, by_onednn, monkeypatch):
    layer, x = Linear(300, 100), torch.randn(64, 300, generator=generator)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias), rtol=0, atol=0)
    assert not by_onednn


def test_it_is_drawn_stored_and_loaded_like_torch_s():
    torch.manual_seed(0)
    plain = nn.Linear(300, 100)
    torch.manual_seed(0)
    layer = pickle.loads(pickle.dumps(Linear(300, 100)))
    assert layer.state_dict().keys() == plain.state_dict().keys()
    assert all(torch.equal(p, q) for p, q in zip(layer.parameters(), plain.parameters(), strict=True))
