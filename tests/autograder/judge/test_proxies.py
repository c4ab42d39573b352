"""A test cell cannot tell a proxy from the function, class or instance that it stands for."""

import functools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from judging import QUICK, student
from torch import nn
from torch.autograd import grad
from torch.autograd.functional import hessian, jacobian
from waiting import HANG_SECONDS

from autograder.judge.proxies import CannotCross, Conversation
from autograder.judge.remote_objects import RemoteObject
from autograder.judge.reply import StudentEnded
from autograder.wire.frames import FrameError
from dgm_helpers import checks
from dgm_helpers.models.priors import MixturePrior
from dgm_helpers.objectives.toy_functions import Quadratic

pytestmark = pytest.mark.notebook

SOURCE = """
import functools, os, random, warnings
import numpy as np
import torch
from torch import nn
from dgm_helpers import checks

def same(*arguments, **keywords): return arguments, keywords
def double(x): return 2 * x
def cube(x): return x ** 3
def bowl(x, y): return (x ** 2).sum() * y.sum() + x[0]
def several(x): return {"sum": x.sum(), "parts": [x * 2, (x.exp(), 3)], "count": x > 0, "name": "x"}
def integers(x): return x.round().long(), x > 0
def unused(x, y): return (x ** 2).sum()
def detached(x): return (x ** 2).detach()
def constant(x): return torch.tensor(3.0)
def of_the_model(model, x): return model(x).sum()
def log_prob(prior, z): return prior.log_prob(z).sum()
def apply(function, *arguments): return function(*arguments)
def itself(x): return x
def indexed(x): return x[:, 0]
def chooses(x): return x.max(dim=0)
def counts(n): return (i ** 2 for i in range(n))
def draw(generator=None): return torch.randn(3, generator=generator)
def global_draws(): return torch.rand(2), np.random.rand(2), random.random()
def bad_argument(x): raise ValueError(f"x is {x}, too small")
def no_key(x): return {}["key"]
def no_entry(x): return x[10]
def no_file(): return open("/no/such/file")
def undecodable(): return b"\\xff".decode()
def warned(x):
    warnings.warn(f"this may be slow for {x}", UserWarning)
    print("printed")
    return x + 1

class Odd(Exception):
    hint = "the input was 3"
def odd(): raise Odd("an exception of one's own")
def a_failed_check(): checks.equal("mine", 1.0, 2.0)
def stops(): raise StopIteration("stop")
def leaves(): raise SystemExit(0)

def in_place(x): x += 1
def through_numpy(x): x.detach().numpy()[...] = 0
def restored(x):
    x += 1
    x -= 1

class Affine(nn.Module):
    scale = 10

    def __init__(self, slope, offset=0.0):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))
        self.offset = nn.Parameter(torch.tensor(float(offset)))
        self.register_buffer("seen", torch.zeros(2))
        self.names = ["slope", "offset"]

    def forward(self, x): return self.slope * x + self.offset

    def square(self, x): return self(x) ** 2

    def train_once(self, x):
        (gradient,) = torch.autograd.grad(self(x).sum(), [self.offset])
        with torch.no_grad():
            self.offset -= gradient

class Plain:
    def __init__(self, weight):
        self.weight = weight
        self.calls = 0

    def __call__(self, x): return (self.weight * x).sum()

    def count(self):
        self.calls += 1
        return self.calls

def make(weight): return Plain(weight)
def value_of(thing, x): return thing(x)
def own(): return nn.Parameter(torch.ones(2)), torch.zeros(1, requires_grad=True)
def is_the_same(thing, other): return thing is other
def is_one(x, y): return x is y
def dies_in_backward(x):
    class Dies(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x): return x * 2
        @staticmethod
        def backward(ctx, gradient): os._exit(3)
    return Dies.apply(x)
def wrong_gradient(x):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x): return x * 2
        @staticmethod
        def backward(ctx, gradient): return gradient * 3
    return Wrong.apply(x)
number, text, array = 3, "three", np.arange(3.0)
"""


HERE: dict = {"__name__": "notebook"}  # what a test cell sees in a student's own notebook
exec(SOURCE, HERE)


@pytest.fixture
def process():
    with student(SOURCE, QUICK) as process:
        yield process


@pytest.fixture
def there(process):
    """A test cell's dealings with the student's process."""
    process.allow(HANG_SECONDS)
    return Conversation(process, random.Random(1))


def x(*shape: int, grad: bool = True) -> torch.Tensor:
    """Numbers in float64, the same each time."""
    return torch.linspace(-1, 2, math.prod(shape), dtype=torch.float64).reshape(shape).requires_grad_(grad)


def leaf(value: object) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def third_derivative(f, v):
    (first,) = grad(f(v).sum(), v, create_graph=True)
    (second,) = grad(first.sum(), v, create_graph=True)
    return first, second, grad(second.sum(), v)


def gradient_penalty(f, v):
    (first,) = grad(f(v).sum(), v, create_graph=True)
    ((first.norm() - 1) ** 2).backward()
    return v.grad


def summed(f, *inputs):
    f(*inputs).sum().backward()
    f(*inputs).sum().backward()  # gradients add up
    return [i.grad for i in inputs]


def of_a_library_model(f):
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(x(*parameter.shape))
    f(model, x(2, 4)).backward()
    return [parameter.grad for parameter in model.parameters()]


def of_a_prior(f):
    prior, z = MixturePrior(latent_dim=2, components=2), torch.ones(3, 2, requires_grad=True)
    return grad(f(prior, z), [*prior.parameters(), z])


def without_graph(f, v):
    with torch.no_grad():
        return f(v)


def trained(Model):
    model = Model(2.0, 1)
    before = [p.detach().clone() for p in model.parameters()]
    model.train_once(x(3, grad=False).float())
    model.load_state_dict({**model.state_dict(), "slope": torch.tensor(5.0)})
    return before, [p.detach().clone() for p in model.parameters()], model(x(3))


def own_parameters(Model):
    model, v = Model(2.0, 1), x(3)
    parameters = list(model.parameters())
    model(v).sum().backward()
    again = all(map(lambda p, q: p is q, parameters, model.parameters()))
    return parameters, [p.grad for p in parameters], v.grad, again


def attributes(Model):
    model = Model(2.0)
    names = [name for name, _ in model.named_parameters()]
    return (
        model.scale,
        Model.scale,
        model.names,
        names,
        model.seen,
        model.slope,
        model.training,
        model.square(x(2)),
    )


def counted(make):
    thing = make(x(2))
    return thing.count(), thing.count(), thing.calls, thing.weight


def model_gradient(make):
    weight = x(2)
    thing = make(weight)
    return grad(thing(torch.ones(2, dtype=torch.float64)), weight)


CASES = {
    "arguments as they are": (
        "same",
        lambda f: f(1, "a", [x(2), None], k=(2.5, {"b": True}), z=np.arange(2)),
    ),
    "a value": ("double", lambda f: f(x(3, grad=False))),
    "a value in a graph": ("double", lambda f: f(x(3))),
    "a single entry of a row": ("indexed", lambda f: f(x(1, 4, grad=False))),
    "a named tuple": ("chooses", lambda f: tuple(f(x(4, 2, grad=False)))),
    "an iterator": ("counts", lambda f: list(f(5))),
    "several outputs": ("several", lambda f: f(x(3))),
    "their gradients": ("several", lambda f: grad((r := f(v := x(3)))["sum"] * r["parts"][1][0].sum(), v)),
    "integer outputs": ("integers", lambda f: f(x(3))),
    "no gradient": ("detached", lambda f: f(x(3))),
    "a constant": ("constant", lambda f: f(x(3))),
    "no_grad": ("double", lambda f: without_graph(f, x(3))),
    "an argument itself": ("itself", lambda f: grad(f(v := x(3)).sum(), v)),
    "grad": ("cube", lambda f: grad(f(v := x(3)).sum(), v)),
    "grad with weights": ("cube", lambda f: grad(f(v := x(3)), v, grad_outputs=torch.arange(3.0).double())),
    "grad of two": ("bowl", lambda f: grad(f(v := x(3), w := x(2)).sum(), [v, w])),
    "grad of what was computed": ("cube", lambda f: grad(f(f(v := x(3)) + v).sum(), v)),
    "grad in float32": ("cube", lambda f: grad(f(v := torch.ones(2, requires_grad=True)).sum(), v)),
    "grad of an expanded leaf": ("cube", lambda f: grad(f((v := x(1)).expand(4)).sum(), v)),
    "grad of a list": ("apply", lambda f: grad(f(torch.stack, [v := x(2), w := x(2)]).sum(), [v, w])),
    "complex grad": (
        "cube",
        lambda f: grad(f(v := torch.ones(2, dtype=torch.cdouble, requires_grad=True)).abs().sum(), v),
    ),
    "the same twice": ("bowl", lambda f: grad(f(v := x(3), v).sum(), v)),
    "backward": ("cube", lambda f: summed(f, x(3))),
    "backward of two": ("bowl", lambda f: summed(f, x(3), x(2))),
    "second and third derivatives": ("cube", lambda f: third_derivative(f, x(3))),
    "of several inputs": ("bowl", lambda f: third_derivative(lambda v: f(v, v), x(3))),
    "gradient penalty": ("cube", lambda f: gradient_penalty(f, x(3))),
    "unused": ("unused", lambda f: grad(f(v := x(3), w := x(2)), [v, w], allow_unused=True)),
    "unused backward": ("unused", lambda f: summed(f, x(3), x(2))),
    "jacobian": ("cube", lambda f: jacobian(f, x(3, grad=False))),
    "jacobian of two": ("bowl", lambda f: jacobian(f, (x(3, grad=False), x(2, grad=False)))),
    "hessian": ("bowl", lambda f: hessian(lambda v: f(v, v).sum(), x(3, grad=False))),
    "gradcheck": ("cube", lambda f: torch.autograd.gradcheck(f, (x(3),))),
    "gradgradcheck": ("bowl", lambda f: torch.autograd.gradgradcheck(f, (x(3), x(2)))),
    "a library's model": ("of_the_model", of_a_library_model),
    "a library's prior": ("log_prob", of_a_prior),
    "a toy": ("apply", lambda f: f(Quadratic(curvature=[1.0], center=[2.0]), torch.ones(3, 1))),
    "a library's function": ("apply", lambda f: f(torch.special.ndtr, x(3))),
    "a partial": ("apply", lambda f: f(functools.partial(torch.mul, 3), x(2))),
    "a method": ("apply", lambda f: f(Quadratic(curvature=[1.0], center=[2.0]).forward, torch.ones(3, 1))),
    "a class": ("apply", lambda f: f(torch.distributions.Bernoulli, torch.tensor([0.5])).mean),
    "a model's gradients": ("Affine", own_parameters),
    "a model's attributes": ("Affine", attributes),
    "a model that is trained": ("Affine", trained),
    "an instance's gradient": ("make", model_gradient),
    "an instance's state": ("make", counted),
    "an instance handed over": ("value_of", lambda f: f),
    "seeded numbers": ("draw", lambda f: (torch.manual_seed(7), f())[1]),
    "seeded numbers, no gradient": ("global_draws", lambda f: (torch.manual_seed(7), f())[1][0]),
    "a generator's numbers": ("draw", lambda f: f(generator())),
    "a generator by name": ("draw", lambda f: f(generator=generator())),
    "identity of arguments": ("is_one", lambda f: (f(v := x(2), v), f(x(2), x(2)))),
    "a warning": ("warned", lambda f: f(1)),
    "a number": ("number", lambda number: number + 1),
    "a text": ("text", lambda text: text),
    "an array": ("array", lambda array: array * 2),
}


def alike(one, other) -> bool:
    """Whether two results are the same up to rounding, of the same types, and both or neither in a graph."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        kinds = [(t.dtype, t.shape, t.requires_grad, type(t)) for t in (one, other)]
        return kinds[0] == kinds[1] and torch.allclose(one.cdouble(), other.cdouble(), rtol=1e-6, atol=1e-12)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike([*one, *one.values()], [*other, *other.values()])
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return callable(one) or (type(one) is type(other) and one == other)


@pytest.mark.filterwarnings("ignore:this may be slow")
@pytest.mark.parametrize("case", CASES)
def test_what_a_test_computes_is_the_same_through_a_proxy(there, case):
    name, use = CASES[case]
    assert alike(use(HERE[name]), use(there.look(name)))


def test_a_leaf_of_the_students_own_is_one_parameter_however_often_it_is_asked_for(there):
    model = there.look("Affine")(2.0)
    assert model.slope is model.slope
    assert type(model.slope) is nn.Parameter
    parameter, tensor = there.look("own")()
    assert type(parameter) is nn.Parameter
    assert tensor.is_leaf and tensor.requires_grad


def test_an_instance_can_be_handed_over_and_is_the_same_there(there):
    thing = there.look("make")(x(2))
    assert there.look("is_the_same")(thing, thing)
    weight = x(2)
    other = there.look("make")(weight)
    assert alike(
        grad(there.look("value_of")(other, torch.ones(2).double()), weight), (torch.ones(2).double(),)
    )


ERRORS = {
    "bad_argument": (ValueError, "x is 3, too small"),
    "no_key": (KeyError, "key"),
    "no_entry": (IndexError, "index 10 is out of bounds for dimension 0 with size 3"),
    "no_file": (FileNotFoundError, r"No such file or directory: '/no/such/file'"),
    "undecodable": (Exception, "can't decode byte 0xff"),
    "odd": (Exception, "an exception of one's own"),
    "a_failed_check": (Exception, "mine: wrong"),
    "leaves": (Exception, "0"),
    "stops": (Exception, "stop"),
    "double": (TypeError, r"double\(\) missing 1 required positional argument: 'x'"),
}
ARGUMENTS = {"bad_argument": (3,), "no_key": (1,), "no_entry": (torch.ones(3),)}


@pytest.mark.parametrize("name", ERRORS)
def test_an_exception_keeps_its_message_and_if_it_is_pythons_its_class(there, name):
    kind, message = ERRORS[name]
    with pytest.raises(kind, match=message) as raised:
        there.look(name)(*ARGUMENTS.get(name, ()))
    assert not hasattr(raised.value, "hint")
    told = raised.value.student
    assert told.hint == ""
    assert any(name in line for line in told.traceback) or name == "double"
    assert not any("worker.py" in line for line in told.traceback)


def test_what_is_unused_is_an_error_where_it_would_be_one(there):
    v, w = x(3), x(2)
    with pytest.raises(RuntimeError, match="not have been used in the graph"):
        grad(there.look("unused")(v, w), [v, w])
    with pytest.raises(RuntimeError, match="does not require grad"):
        there.look("detached")(v).sum().backward()


def test_a_warning_and_what_is_printed_is_printed_here(there, capsys):
    assert there.look("warned")(2) == 3
    printed = capsys.readouterr().out
    assert "UserWarning: this may be slow for 2" in printed
    assert "printed\n" in printed


def test_an_argument_that_is_changed_in_place_fails_the_check_and_is_unchanged_here(there):
    for name in ("in_place", "through_numpy"):
        argument = torch.ones(3)
        with pytest.raises(checks.CheckFailed, match=f"{name}: argument 1 was changed by the function"):
            there.look(name)(argument)
        assert torch.equal(argument, torch.ones(3))
    there.look("restored")(torch.ones(3))


def test_a_generator_keeps_its_initial_seed_but_not_its_state(there):
    draw, one = there.look("draw"), generator()
    seed, state = one.initial_seed(), one.get_state()
    draw(one)
    assert one.initial_seed() == seed
    assert not torch.equal(one.get_state(), state)


def test_equally_seeded_generators_give_the_same_and_a_generator_goes_on(there):
    draw, one = there.look("draw"), generator()
    checks.repeatable("draw", draw(generator()), draw(generator()))
    assert not torch.equal(draw(one), draw(one))


def test_every_global_generator_is_seeded_by_the_test(there):
    draw = there.look("global_draws")
    torch.manual_seed(5)
    first = draw()
    assert not alike(first, draw())
    torch.manual_seed(5)
    assert alike(first, draw())


def test_where_a_generator_is_left_is_not_for_the_student_to_choose(process):
    left = []
    for seed in (1, 1, 2):
        conversation, one = Conversation(process, random.Random(seed)), generator()
        conversation.look("draw")(one)
        left.append(one.get_state())
    assert torch.equal(left[0], left[1])
    assert not torch.equal(left[0], left[2])


@pytest.mark.parametrize("nested", [lambda f: f, lambda f: [f], lambda f: {"f": functools.partial(f, 1)}])
def test_what_cannot_cross_is_named_with_the_function_and_the_argument(there, nested):
    with pytest.raises(
        CannotCross, match=r"argument 2 of apply cannot cross .*lambda.* is not a function of a library"
    ):
        there.look("apply")(torch.exp, nested(lambda v: v))
    with pytest.raises(CannotCross, match="generator of draw cannot cross"):
        there.look("draw")(generator=test_what_cannot_cross_is_named_with_the_function_and_the_argument)


def test_a_transform_of_torch_cannot_look_into_another_process(there):
    cube = there.look("cube")
    with pytest.raises(CannotCross, match="argument 1 of cube"):
        torch.func.grad(lambda v: cube(v).sum())(x(3, grad=False))


def test_a_name_that_is_not_defined_is_said(there):
    with pytest.raises(NameError, match="name 'nothing' is not defined by the solution cell"):
        there.look("nothing")


def test_an_object_that_stays_there_is_no_number_here(there):
    thing = there.look("make")(1.0)
    assert type(thing).__name__ == "Plain"
    assert isinstance(thing, RemoteObject)
    for use in (
        float,
        bool,
        len,
        iter,
        int,
        lambda t: t == 1,
        lambda t: t < 1,
        lambda t: t + 1,
        lambda t: t[0],
    ):
        with pytest.raises(TypeError):
            use(thing)
    for use in (lambda t: t.__dict__["a"], lambda t: t._hidden, lambda t: setattr(t, "calls", 0), vars):
        with pytest.raises((AttributeError, TypeError)):
            use(thing)
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        use(thing.missing)
    with pytest.raises(checks.CheckFailed):
        checks.equal("thing", thing, 1.0)


def test_a_gradient_that_the_student_gets_wrong_is_wrong_here(there):
    v = x(2)
    assert grad(there.look("wrong_gradient")(v).sum(), v)[0].tolist() == [3, 3]


def test_a_process_that_dies_while_it_differentiates_is_no_answer():
    with student(SOURCE) as process:
        v = x(2)
        result = Conversation(process, random.Random(1)).look("dies_in_backward")(v)
        with pytest.raises(StudentEnded, match="ProcessDied"):
            result.sum().backward()


def test_a_cell_begins_without_the_objects_of_the_last(process):
    process.allow(HANG_SECONDS)
    thing = Conversation(process, random.Random(1)).look("make")(1.0)
    Conversation(process, random.Random(1))
    with pytest.raises(IndexError):
        thing.count()


def test_what_a_test_does_not_need_any_more_is_forgotten_over_there():
    with student(SOURCE, replace(QUICK, memory_bytes=200 << 20)) as process:
        conversation, v = Conversation(process, random.Random(1)), x(1 << 17)  # a megabyte
        cube, kept = conversation.look("cube"), []
        for i in range(300):
            result = cube(v)
            if i % 50 == 0:
                kept.append(result.sum())
        assert alike(grad(sum(kept), v), (18 * v.detach() ** 2,))


def test_what_an_object_was_given_is_kept_with_it(there):
    weight, v = x(2), torch.ones(2).double()
    thing = there.look("make")(weight)
    for _ in range(3):
        there.look("double")(x(2))
    first, second = thing(v), thing(v)
    assert alike(grad(first, weight), grad(second, weight))


@pytest.mark.parametrize(
    "header",
    [
        *(
            [],
            None,
            "text",
            {"error": []},
            {"error": "text"},
            {"error": ["a", "b", "c"]},
            {"error": ["a", 1, []]},
        ),
        *({"error": ["a", "b", [1]]}, {"printed": 1}, {"printed": ["a"]}, {"value": ["q"]}, {"live": {}}),
        *({"live": [["A", "f4", [0]]]}, {"live": [["T", "int64", [0]]], "node": 1, "leaves": []}),
        *({"live": [["T", "float32", [0]]]}, {"live": [["T", "float32", [0]]], "node": "1", "leaves": []}),
        *(
            {"live": [["T", "float32", [0]]], "node": 1, "leaves": [5]},
            {"live": [["T", "float32", [0]]], "node": 1},
        ),
        *({"live": [["T", "float32", [0]]], "node": 1, "leaves": [[]]}, {"value": ["T", "float32", [5]]}),
    ],
    ids=str,
)
def test_an_answer_that_is_not_built_as_one_ends_the_conversation(process, monkeypatch, header):
    conversation = Conversation(process, random.Random(1))
    double, numbers = conversation.look("double"), []
    monkeypatch.setattr(
        "autograder.judge.student_process.send_frame", lambda socket, number, *_: numbers.append(number)
    )
    monkeypatch.setattr(
        "autograder.judge.student_process.receive_frame", lambda *_: (numbers[-1], header, bytearray())
    )
    with pytest.raises(StudentEnded, match="ProtocolError"):
        double(1)


@pytest.mark.parametrize("raised", [FrameError("no frame"), MemoryError()])
def test_what_cannot_be_read_ends_the_conversation(process, monkeypatch, raised):
    double = Conversation(process, random.Random(1)).look("double")

    def fails(*_):
        raise raised

    monkeypatch.setattr("autograder.judge.student_process.receive_frame", fails)
    with pytest.raises(StudentEnded, match="ProtocolError"):
        double(1)


def test_an_answer_to_another_question_is_none(process, monkeypatch):
    double = Conversation(process, random.Random(1)).look("double")
    monkeypatch.setattr(
        "autograder.judge.student_process.receive_frame", lambda *_: (0, {"value": 2}, bytearray())
    )
    with pytest.raises(StudentEnded, match="does not belong to the request"):
        double(1)
