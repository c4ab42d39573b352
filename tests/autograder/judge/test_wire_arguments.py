"""What a test hands over arrives as it is: tensors as leaves of a graph, and things of the libraries by name."""

import functools
import json
import math
import operator
import types

import numpy as np
import pytest
import torch
from torch import distributions, nn

from autograder.wire.arguments import ArgumentDecoder, ArgumentEncoder
from autograder.wire.arrays import NotPlain
from dgm_helpers.models.bernoulli_vae import BernoulliVAE
from dgm_helpers.models.priors import MixturePrior, StandardNormal
from dgm_helpers.models.vae import VAE, ConvVAE
from dgm_helpers.objectives.distributions import gaussian_log_prob
from dgm_helpers.objectives.toy_functions import Quadratic, Step

MUCH = 1 << 30


class Message:
    """A value on its way: what was read of it, and what the two ends know."""

    def __init__(self, value: object, objects: tuple = ()) -> None:
        self.leaves: list[torch.Tensor] = []
        numbers = {id(thing): number for number, thing in enumerate(objects)}
        writer = ArgumentEncoder(MUCH, self._number, lambda thing: numbers.get(id(thing)))
        text = json.dumps(writer.encode(value))
        self.reader = ArgumentDecoder(bytearray(b"".join(writer.buffers)), objects.__getitem__)
        self.value = self.reader.decode(json.loads(text))

    def _number(self, leaf: torch.Tensor) -> int:
        self.leaves.append(leaf)
        return len(self.leaves) - 1


def over(value: object) -> object:
    """Return a value as it arrives."""
    return Message(value).value


Z, X = torch.linspace(-2, 2, 6).reshape(3, 2), torch.linspace(0, 1, 12).reshape(3, 4)
IMAGES = torch.linspace(0, 1, 784).reshape(1, 784)
COMPONENTS = distributions.Independent(distributions.Normal(Z, 1.0), 1)
MODELS = {
    "Quadratic": (Quadratic(curvature=[1.0, 2.0], center=[0.5, -1.0]), lambda f: f(Z)),
    "Step": (Step(threshold=0.3), lambda f: f(Z)),
    "StandardNormal": (StandardNormal(latent_dim=2), lambda p: p.log_prob(Z)),
    "MixturePrior": (MixturePrior(latent_dim=2, components=3), lambda p: p.log_prob(Z)),
    "VAE": (VAE(data_dim=4, latent_dim=2, hidden=(5,)), lambda m: m.encode(X)[0]),
    "Gaussian VAE": (VAE(data_dim=4, latent_dim=2, likelihood="gaussian"), lambda m: m.log_likelihood(X, Z)),
    "BernoulliVAE": (BernoulliVAE(data_dim=4, latent_dim=2), lambda m: m.elbo(X)),
    "ConvVAE": (ConvVAE(latent_dim=2), lambda m: m.encode(IMAGES)[0]),
    "Linear": (nn.Linear(4, 2), lambda f: f(X)),
    "Sequential": (nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.BatchNorm1d(3)).eval(), lambda f: f(X)),
    "Normal": (distributions.Normal(X, 1.5), lambda d: d.log_prob(torch.tensor(0.3))),
    "mixture": (
        distributions.MixtureSameFamily(distributions.Categorical(logits=torch.ones(3)), COMPONENTS),
        lambda d: d.log_prob(Z),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_arrives_with_its_weights_and_computes_the_same(name):
    model, use = MODELS[name]
    arrived = over(model)
    assert type(arrived) is type(model)
    assert torch.equal(use(arrived), use(model))


def test_a_model_arrives_as_a_copy_whose_parameters_are_leaves_that_are_known():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    model[0].bias.requires_grad_(False)
    message = Message(model)
    there = dict(message.value.named_parameters())
    assert [type(parameter) for parameter in there.values()] == [nn.Parameter] * 4
    assert [parameter.requires_grad for parameter in there.values()] == [True, False, True, True]
    here = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert all(map(operator.is_, message.leaves, here))
    known = message.reader.leaves
    assert [known[i] for i in range(3)] == [
        parameter for parameter in there.values() if parameter.requires_grad
    ]
    message.value[0].weight.data.zero_()
    assert model[0].weight.abs().sum() > 0


def test_what_is_shared_stays_shared():
    layer, x = nn.Linear(1, 1), torch.ones(2, requires_grad=True)
    first, second, third, model, again = over((x, [x], {"x": x}, nn.Sequential(layer, layer), layer))
    assert first is second[0] is third["x"]
    assert model[0] is model[1] is again


def test_a_leaf_arrives_as_a_leaf_and_what_was_computed_as_what_was_computed():
    leaf = torch.ones(2, requires_grad=True)
    message = Message([leaf, 2 * leaf, torch.ones(2), nn.Parameter(torch.ones(1), requires_grad=False)])
    there = message.value
    assert [t.requires_grad for t in there] == [True, True, False, False]
    assert [t.is_leaf for t in there] == [True, False, True, True]
    (gradient,) = torch.autograd.grad(there[1].sum(), message.reader.leaves[1])
    assert gradient.tolist() == [1, 1]
    assert message.leaves[1].tolist() == [2, 2]


def test_gradients_arrive_with_their_leaves():
    model, leaf = nn.Linear(2, 1), torch.ones(3, requires_grad=True)
    model.weight.grad, leaf.grad = torch.tensor([[2.0, 3.0]]), torch.arange(3.0)
    model.bias.requires_grad_(False).grad = torch.ones(1)
    there, tensor, again = over([model, leaf, leaf])
    assert there.weight.grad.tolist() == [[2, 3]] and there.bias.grad.tolist() == [1]
    assert tensor is again and tensor.grad.tolist() == [0, 1, 2]
    there.weight.grad.zero_()
    assert model.weight.grad.tolist() == [[2, 3]]


FUNCTIONS = [
    *(torch.exp, torch.relu, nn.functional.softplus, torch.Tensor.sum, torch.special.ndtr, torch.nn.Tanh),
    *(np.exp, np.linalg.norm, np.float64, math.exp, operator.mul, functools.reduce, len, abs, int, print),
    *(gaussian_log_prob, VAE, Quadratic.expectation, distributions.Normal, distributions.kl_divergence),
    *(
        torch.linalg.norm,
        torch.fft.fft,
        nn.init.zeros_,
        torch.optim.SGD,
        torch.logsumexp,
        nn.functional.mse_loss,
    ),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: f"{function.__name__}")
def test_a_function_or_class_of_a_library_arrives_as_itself(function):
    assert over(function) is function


def test_a_method_arrives_with_its_object_and_a_partial_with_its_arguments():
    prior = MixturePrior(latent_dim=2, components=2)
    log_prob, again = over((prior.log_prob, prior))
    assert log_prob.__self__ is again
    assert torch.equal(log_prob(Z), prior.log_prob(Z))
    part = over(functools.partial(torch.full, (2,), fill_value=7.0))
    assert part().tolist() == [7, 7]
    assert over(distributions.Normal.log_prob) is distributions.Normal.log_prob


def test_a_generator_arrives_in_its_state():
    generator = torch.Generator().manual_seed(3)
    torch.randn(5, generator=generator)
    arrived = over(generator)
    assert torch.equal(torch.randn(3, generator=arrived), torch.randn(3, generator=generator))


def test_a_set_arrives_and_an_object_of_the_students_is_named():
    theirs = object()
    assert Message([{1, "a"}, theirs, {"x": theirs}], (None, theirs)).value == [
        {1, "a"},
        theirs,
        {"x": theirs},
    ]


WAYS = {
    "in place": lambda x: x.mul_(2),
    "an entry": lambda x: x.__setitem__(0, 7.0),
    "past the graph": lambda x: x.data.zero_(),
    "through numpy": lambda x: x.numpy().fill(1),
    "through a view": lambda x: x[1:].add_(1),
    "its shape": lambda x: x.unsqueeze_(0),
    "its size": lambda x: x.resize_(1),
    "its memory": lambda x: x.set_(torch.zeros(3)),
    "its dtype": lambda x: setattr(x, "data", torch.tensor([1, 2, 3])),
}


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_a_tensor_is_changed_it_is_told(way):
    reader = called(torch.ones(2), x=[torch.ones(2), torch.tensor([1.0, 2.0, 3.0])])
    WAYS[way](reader.keywords["x"][1])
    assert reader.changed() == ["x"]


def called(*arguments: object, **keywords: object) -> ArgumentDecoder:
    """Return the reader of a call, with the arguments as they arrived."""
    writer = ArgumentEncoder(MUCH, lambda leaf: 0, lambda thing: None)
    written = [writer.encode(value) for value in arguments]
    named = [[name, writer.encode(value)] for name, value in keywords.items()]
    text = json.dumps(["t", ["l", *written], ["d", *named]])
    reader = ArgumentDecoder(bytearray(b"".join(writer.buffers)), ().__getitem__)
    reader.arguments, reader.keywords = reader.read_call(json.loads(text))
    return reader


CONTAINERS = {
    "list": ([1, 2], lambda value: value.append(3)),
    "entry of a list": ([torch.ones(2), None], lambda value: value.__setitem__(1, 2)),
    "shorter list": ([1, 2], lambda value: value.pop()),
    "list in a list": ([[1], [2]], lambda value: value[1].reverse() or value[1].append(0)),
    "order of a list": ([torch.ones(1), torch.zeros(1)], lambda value: value.reverse()),
    "dict": ({"a": 1}, lambda value: value.update(b=2)),
    "value of a dict": ({"a": torch.ones(2)}, lambda value: value.update(a=torch.ones(2))),
    "array": (np.ones(3), lambda value: value.fill(2)),
    "parameter of a model": (nn.Linear(2, 1), lambda value: value.weight.data.add_(1)),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_changed_container_array_or_model_is_reported(name):
    value, change = CONTAINERS[name]
    reader = called(torch.ones(2), value)
    assert reader.changed() == []
    change(reader.arguments[1])
    assert reader.changed() == [2]


def test_running_statistics_of_a_model_may_change():
    reader = called(nn.BatchNorm1d(2))
    reader.arguments[0].running_mean.add_(1)
    assert reader.changed() == []


def test_what_is_left_or_restored_is_not_told_as_changed():
    leaf = torch.ones(2, requires_grad=True)
    values = [torch.tensor([math.nan, -0.0]), leaf, 2 * leaf, torch.empty(0), torch.arange(4).reshape(2, 2).T]
    reader = called(values)
    (values,) = reader.arguments
    x = values[0]
    x += 1
    x -= 1
    x[1] = -0.0
    values[3].add_(1)
    values[1].requires_grad_()
    assert reader.changed() == []


def outer():
    """Make a function within a function, and a class."""

    def inner():
        return 1

    class Inner:
        pass

    return inner, Inner


def of_main():
    """A function as a notebook defines it."""
    return 1


of_main.__module__ = "__main__"
LOCAL, LocalClass = outer()
Subclass = type("Subclass", (nn.Linear,), {"__module__": "__main__"})


class Endless:
    """An object that has an attribute, and is called."""

    def __call__(self) -> None:
        pass


REFUSED = {
    "lambda": (lambda x: x, "lambda.* is not a function of a library, and code does not cross"),
    "local function": (LOCAL, "outer.<locals>.inner is not a function"),
    "local class": (LocalClass, "code does not cross"),
    "instance of a local class": (LocalClass(), "Inner is not plain data"),
    "function of a notebook": (of_main, "of_main is not a function of a library"),
    "method of one's own": (Endless().__call__, "Endless is not a function of a library"),
    "partial of a lambda": (functools.partial(lambda: 1), "lambda"),
    "class derived from a library's": (Subclass(1, 1), "Subclass is not a function of a library"),
    "module": (math, "a module is not plain data"),
    "module of torch": (torch.nn.functional, "a module is not plain data"),
    "code": (of_main.__code__, "a code is not plain data"),
    "frozen set": (frozenset([1]), "a frozenset is not plain data"),
    "file": (open, "is not a function"),
    "a function of the system": (types.FunctionType, "is not a function of a library|does not cross"),
    "something in a container": ({"a": [lambda: 1]}, "lambda"),
}


@pytest.mark.parametrize(("value", "reason"), [pytest.param(*v, id=k) for k, v in REFUSED.items()])
def test_code_and_what_is_of_no_library_is_refused_by_name(monkeypatch, value, reason):
    monkeypatch.setattr("__main__.of_main", of_main, raising=False)
    with pytest.raises(NotPlain, match=reason):
        over(value)
