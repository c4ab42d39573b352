"""Every check of an exercise refuses changed arguments, answers with a memory, and the library's own answer."""

import functools
import importlib
import random
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn

from dgm_helpers import checks
from dgm_helpers.checks.library_answers import code_keys, watch
from dgm_helpers.models.iwae import IWAE
from dgm_helpers.objectives import importance_weighting
from dgm_helpers.objectives.importance_weighting import iwae_bound

pytestmark = pytest.mark.security

LOG_WEIGHTS = torch.arange(6.0).reshape(3, 2)


@checks.exercise(reference=iwae_bound)
def bound(answer) -> None:
    """The check under which every answer of this file runs: it only calls the answer."""
    for k in (1, 2, 3):
        checks.as_numbers("bound", answer(LOG_WEIGHTS[:k]))


def right(log_weights):
    return torch.logsumexp(log_weights, dim=0) - torch.tensor(float(len(log_weights))).log()


def test_a_right_answer_passes_and_stays_what_it_was(capsys):
    bound(right)
    checks.exercise(reference=None)(lambda answer: answer(torch.ones(2)))(abs)
    assert bound.references == (iwae_bound,)


@pytest.mark.parametrize(("value", "kind"), [(3, "int"), (None, "NoneType"), (torch.ones(2), "Tensor")])
def test_an_answer_that_is_not_a_function_fails(value, kind):
    with pytest.raises(checks.CheckFailed, match=f"bound: expected a function, got {kind}"):
        bound(value)


def by_partial(log_weights):
    return functools.partial(iwae_bound)(log_weights)


def by_getattr(log_weights):
    return getattr(importance_weighting, "iwae" + "_bound")(log_weights)


def by_import(log_weights):
    module = importlib.import_module("dgm_helpers.objectives.importance_weighting")
    return module.iwae_bound(log_weights)


def by_copied_code(log_weights):
    inner = functools.reduce(lambda f, _: getattr(f, "__wrapped__", f), range(5), iwae_bound)
    return type(by_import)(inner.__code__, inner.__globals__)(log_weights)


def inside_map(log_weights):
    return next(map(iwae_bound, [log_weights]))


def before_an_error(log_weights):
    iwae_bound(log_weights)
    raise ValueError("too late")


LIBRARY = [iwae_bound, by_partial, by_getattr, by_import, by_copied_code, inside_map, before_an_error]


@pytest.mark.parametrize("answer", LIBRARY, ids=lambda f: f.__name__)
def test_the_librarys_own_answer_is_refused_under_any_name(answer):
    with pytest.raises(checks.LibraryAnswer, match="library's answer to this exercise; write your own"):
        bound(answer)


def test_other_functions_of_the_library_and_calls_outside_the_answer_are_allowed():
    @checks.exercise(reference=iwae_bound)
    def check(answer):
        checks.equal("bound", answer(LOG_WEIGHTS), iwae_bound(LOG_WEIGHTS))

    check(right)


def test_a_method_of_a_referenced_class_is_found():
    keys = code_keys([IWAE])
    model = IWAE(data_dim=4, latent_dims=(2,), hidden=((5,),), samples=2)
    with watch(keys) as seen:
        model.loss(torch.ones(3, 4), generator=torch.Generator().manual_seed(0))
    assert seen


def test_a_tracer_that_was_set_before_is_set_again():
    import sys

    def trace(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with watch(code_keys([iwae_bound])):
            iwae_bound(LOG_WEIGHTS)
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def write(value):
    value.mul_(2)


CHANGES = {
    "tensor": (lambda: torch.ones(2), write),
    "tensor past the graph": (lambda: torch.ones(2, requires_grad=True), lambda x: x.data.zero_()),
    "array": (lambda: np.ones(2), lambda x: x.fill(0)),
    "longer list": (lambda: [1, 2], lambda x: x.append(3)),
    "shorter list": (lambda: [torch.ones(1), torch.ones(2)], lambda x: x.pop()),
    "tensor in a list": (lambda: [torch.ones(2)], lambda x: write(x[0])),
    "list in a tuple": (lambda: ([1],), lambda x: x[0].clear()),
    "dict": (lambda: {"a": 1}, lambda x: x.update(b=1)),
    "parameter": (lambda: nn.Linear(2, 2), lambda x: write(x.bias.data)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_argument_fails_the_check(name):
    make, change = CHANGES[name]

    def answer(first, second):
        change(second)
        return torch.zeros(())

    check = checks.exercise(reference=None)(lambda answer: answer(torch.ones(1), make()))
    with pytest.raises(checks.CheckFailed, match="answer: argument 2 was changed by the function"):
        check(answer)
    named = checks.exercise(reference=None)(lambda answer: answer(torch.ones(1), second=make()))
    with pytest.raises(checks.CheckFailed, match="answer: argument second was changed"):
        named(answer)


def test_what_may_change_may_change():
    def answer(model, generator, x, empty):
        model(x)
        x.requires_grad_()
        torch.rand(3, generator=generator)
        return x * 0

    @checks.exercise(reference=None)
    def check(answer):
        nan = torch.tensor([[1.0, float("nan")], [0.0, 2.0]])
        answer(nn.BatchNorm1d(2), torch.Generator().manual_seed(1), nan, [])

    check(answer)


def slopes(model, x):
    """Return the gradients of the model's output, added to those that it has, as `backward` does."""
    model(x).sum().backward()
    return [parameter.grad for parameter in model.parameters()]


def cleared_slopes(model, x):
    for parameter in model.parameters():
        parameter.grad = None
    return slopes(model, x)


@pytest.mark.parametrize("answer", [slopes, cleared_slopes])
def test_gradients_that_a_call_leaves_in_a_model_reach_no_later_call(answer):
    model, x = nn.Linear(2, 1), torch.ones(3, 2)

    @checks.exercise(reference=None)
    def check(answer):
        for _ in range(3):
            weight, bias = answer(model, x)
            checks.equal("gradients", torch.cat([weight.flatten(), bias]), torch.full((3,), 3.0))
        assert model.weight.grad is None and model.bias.grad is None

    check(answer)


@pytest.mark.parametrize(
    "called", [lambda f: f, lambda f: f.forward, functools.partial], ids=["model", "method", "partial"]
)
def test_a_call_works_on_a_copy_of_the_gradients_that_a_model_already_has(called):
    model, before = nn.Linear(2, 1), torch.ones(1, 2)
    model.weight.grad = before

    def answer(f, x):
        f(x).sum().backward()
        return model.weight.grad

    @checks.exercise(reference=None)
    def check(answer):
        for _ in range(2):
            checks.equal("gradient", answer(called(model), torch.ones(3, 2)), torch.full((1, 2), 4.0))

    check(answer)
    assert model.weight.grad is before and before.eq(1).all()


def test_a_leaf_whose_dtype_the_call_changes_fails_as_a_changed_argument():
    model = nn.Linear(2, 1)
    model.weight.grad = torch.ones(1, 2)
    check = checks.exercise(reference=None)(lambda answer: answer(model))
    with pytest.raises(checks.CheckFailed, match="argument 1 was changed"):
        check(lambda model: model.double() and None)


def counting():
    calls = []

    def answer(x):
        calls.append(1)
        return x + len(calls)

    return answer


def test_a_named_tuple_defined_in_each_call_is_the_same_result():
    @checks.exercise(reference=None)
    def check(answer):
        checks.equal("parts", checks.unpack("answer", answer(1.0), 2), [1.0, 2.0])

    check(lambda x: namedtuple("Parts", "one two")(x, 2 * x))


def test_an_answer_with_a_memory_fails():
    check = checks.exercise(reference=None)(lambda answer: answer(torch.ones(2)))
    with pytest.raises(checks.CheckFailed, match="the same call, repeated, gives a different answer"):
        check(counting())


@pytest.mark.parametrize(
    "draw",
    [
        lambda generator: torch.rand(3, generator=generator),
        lambda generator: torch.rand(3),
        lambda generator: torch.as_tensor(np.random.random_sample(3)),
        lambda generator: torch.tensor([random.random()]),
        lambda generator: nn.Parameter(torch.rand(3, generator=generator)),
    ],
)
def test_randomness_is_repeated_with_its_state_and_goes_on_afterwards(draw):
    generator, states = torch.Generator().manual_seed(0), []

    @checks.exercise(reference=None)
    def check(answer):
        for _ in range(5):
            answer(generator)
            states.append((generator.get_state(), torch.get_rng_state()))

    check(draw)
    assert torch.equal(generator.get_state(), states[-1][0])
    assert torch.equal(torch.get_rng_state(), states[-1][1])
