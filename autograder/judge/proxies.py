"""What stands in a test cell for the things that the student's cells define.

A call is carried out in the student's process. Gradients cross too: what comes back with a graph behind it is the
output of an autograd function, whose backward asks the student's process for the vector-Jacobian product. With
``create_graph`` that product is such an output itself, and so on.
"""

from __future__ import annotations

import builtins
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import torch
from torch import Tensor

from autograder.judge.calls import Call
from autograder.judge.executor import CellError
from autograder.judge.remote_gradients import RemoteNode
from autograder.judge.remote_objects import RemoteObject, number_of, remote
from autograder.judge.reply import Reply, malformed
from autograder.judge.student_process import Student
from autograder.wire.arguments import ArgumentEncoder
from autograder.wire.arrays import NotPlain
from autograder.wire.results import ResultDecoder
from dgm_helpers.checks.guard import changed_argument
from dgm_helpers.checks.library_answers import library_answer

SAMPLE = 3
SEED_BYTES = 8  # of a generator's state: the number that it was seeded with comes first


class CannotCross(Exception):
    """A test cell handed over something that cannot cross: a mistake of the test's author."""


class StudentError(Exception):
    """Something that the student's code raised and that is no built-in exception."""


class Conversation:
    """One test cell's dealings with a student's process: the objects, leaves and calls that it knows of.

    Args:
        student: the process.
        randomness: from which the judge's generators go on after a call; not known to the student.
    """

    def __init__(self, student: Student, randomness: random.Random) -> None:
        self.student, self.randomness = student, randomness
        self.leaves: dict[int, Tensor] = {}
        self.forgotten: list[int] = []  # nodes, of which the process is told with the next request
        self.sample: list[Call] = []  # of the calls answered, for the audit; each as likely as any other
        self.answered = 0
        self.references: tuple[Callable, ...] = ()  # the library's own versions of the exercise
        self.library_calls: list[str] = []  # those of them that the answer called
        self._ask({"do": "begin"})

    def look(self, name: str) -> Any:
        """Return what stands for a name that the student's cells define.

        Raises:
            NameError: if they do not define it.
        """
        reply = self._ask({"do": "look", "name": name})
        if reply.header.get("missing"):
            raise NameError(f"name {name!r} is not defined by the solution cell")
        value = self._value(reply)
        if isinstance(value, RemoteObject):
            object.__setattr__(value, "_called", name)
            object.__setattr__(value, "_stateful", False)
        return value

    def forbid(self, references: Sequence[Callable]) -> None:
        """Have the process report calls of these functions and classes of the library."""
        self.references = tuple(references)
        names = [[reference.__module__, reference.__qualname__] for reference in references]
        self._ask({"do": "watch", "references": names})

    def get(self, number: int, name: str) -> Any:
        """Return an attribute of an object."""
        return self._value(self._ask({"do": "get", "object": number, "name": name}))

    def call(self, target: RemoteObject, arguments: tuple, keywords: dict) -> Any:
        """Call an object and return its result.

        Raises:
            CannotCross: if an argument cannot be handed over.
        """
        call = self._written(target, arguments, keywords)
        began = monotonic()
        try:
            result = self.repeat(call)
        finally:
            for generator in (*call.generators, torch.default_generator):
                # Where the student's process left it is not asked: it could choose what is drawn next.
                _advance(generator, self.randomness.getrandbits(63))
        if not (target._stateful or call.has_objects):
            self._remember(call, result, monotonic() - began)
        return result

    def _remember(self, call: Call, result: Any, seconds: float) -> None:
        """Keep a call with some probability, such that in the end each is kept with the same."""
        self.answered += 1
        place = len(self.sample)
        if place == SAMPLE:
            place = self.randomness.randrange(self.answered)
        if place < SAMPLE:
            call.keep(result, seconds)
            self.sample[place : place + 1] = [call]

    def repeat(self, call: Call) -> Any:
        """Ask for a call, again perhaps, and return its result."""
        reply = self._ask(call.request, call.buffers)
        if reply.header.get("library") and self.references:
            self.library_calls = [f"{one.__module__}.{one.__qualname__}" for one in self.references]
            if self.student.limits.library_answers == "refuse":
                raise library_answer(call.name)
        changed = reply.header.get("changed", [])
        if changed:
            known = [place for place in call.places if type(changed) is list and place in changed]
            raise changed_argument(call.name, known)
        return self._value(reply)

    def differentiate(
        self, node: int, gradients: Sequence[Tensor | None], create_graph: bool
    ) -> list[Tensor | None]:
        """Return the vector-Jacobian product of a node, one entry for each of its leaves."""
        writer = self._writer()
        request = {"do": "differentiate", "node": node, "create_graph": create_graph}
        request["gradients"] = writer.encode(list(gradients))
        found = self._value(self._ask(request, writer.buffers))
        if type(found) is not list or any(g is not None and type(g) is not Tensor for g in found):
            raise malformed("a gradient is a list of tensors")
        return found

    def _written(self, target: RemoteObject, arguments: tuple, keywords: dict) -> Call:
        writer = self._writer()
        named = [*((i + 1, v) for i, v in enumerate(arguments)), *keywords.items()]
        written = [self._crossing(writer, target._called, place, value) for place, value in named]
        state = torch.get_rng_state()
        writer.buffers.insert(0, memoryview(state.numpy()))
        request = {
            "do": "call",
            "object": target._number,
            "stateful": target._stateful or writer.has_objects,
            "grad": torch.is_grad_enabled(),
            "random_state": len(state),
            "arguments": [
                "t",
                ["l", *written[: len(arguments)]],
                [
                    "d",
                    *[[name, value] for name, value in zip(keywords, written[len(arguments) :], strict=True)],
                ],
            ],
        }
        return Call(target._called, request, writer, [place for place, _ in named])

    def _crossing(self, writer: ArgumentEncoder, function: str, place: int | str, value: Any) -> Any:
        try:
            return writer.encode(value, 2)
        except NotPlain as error:
            raise CannotCross(
                f"argument {place} of {function} cannot cross into the student's process: {error}"
            ) from None

    def _writer(self) -> ArgumentEncoder:
        return ArgumentEncoder(self.student.limits.result_bytes, self._new_leaf, number_of)

    def _new_leaf(self, tensor: Tensor) -> int:
        number = len(self.leaves)
        self.leaves[number] = tensor
        return number

    def _ask(self, request: dict, buffers: Sequence[memoryview] = ()) -> Reply:
        if self.forgotten:
            request, self.forgotten = {**request, "forget": self.forgotten}, []
        reply = self.student.ask(request, buffers)
        sys.stdout.write(reply.printed())
        if reply.error is not None:
            raise _raised(reply.error)
        return reply

    def _value(self, reply: Reply) -> Any:
        """Read a reply's value; anything that is not written as it must be ends the conversation."""
        decoder = ResultDecoder(reply.body, self._own_leaf, partial(remote, self))
        try:
            live = reply.header.get("live", [])
            if type(live) is not list or not all(type(t) is list and t[:1] == ["T"] for t in live):
                raise NotPlain("live tensors are a list")
            tensors = [decoder.decode(tensor) for tensor in live]
            if tensors:
                decoder.live = self._joined(reply.header, tensors)
            return decoder.decode(reply.header.get("value"))
        except (NotPlain, KeyError, TypeError) as error:
            raise malformed(error) from None

    def _joined(self, header: dict, tensors: list[Tensor]) -> tuple[Tensor, ...]:
        """Put tensors that came back into the judge's graph."""
        node, numbers = header["node"], header["leaves"]
        if type(node) is not int or not all(t.is_floating_point() or t.is_complex() for t in tensors):
            raise NotPlain("only real and complex numbers have gradients")
        inputs = [self.leaves[number] for number in numbers]
        anchor = torch.empty(0, requires_grad=True)  # what comes back live is live, whatever it depends on
        with torch.enable_grad():
            return RemoteNode.apply(self, node, tensors, anchor, *inputs)

    def _own_leaf(self, number: int, tensor: Tensor) -> Tensor:
        """Return the judge's copy of a leaf of the student's, which from now on has the value that came."""
        known = self.leaves.setdefault(number, tensor)
        if known.shape != tensor.shape or known.dtype != tensor.dtype:
            raise NotPlain("a leaf keeps its shape and its dtype")
        known.data.copy_(tensor.data)
        return known


def _advance(generator: torch.Generator, seed: int) -> None:
    """Set a generator to another state without changing its initial seed, as drawing from it would."""
    state = torch.Generator().manual_seed(seed).get_state()
    state[:SEED_BYTES] = generator.get_state()[:SEED_BYTES]
    generator.set_state(state)


def _raised(told: CellError) -> BaseException:
    """An exception that stands for the student's: of the same class if that is one of Python's own."""
    kind = getattr(builtins, told.name, None)
    plain = isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, StopIteration)
    try:
        error = kind(told.message) if plain else StudentError(told.message)
    except TypeError:  # such as UnicodeDecodeError, which wants more than a message
        error = StudentError(told.message)
    error.student = told
    return error
