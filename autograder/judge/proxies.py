"""Proxies that represent the student's functions, classes and objects in a test cell.

A call is executed in the student's process. Gradients cross too: a returned tensor with a graph becomes the output of
an autograd function, whose backward pass asks the student's process for the vector-Jacobian product. With
``create_graph`` that product is again such an output, so higher derivatives work.
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
SEED_BYTES = 8  # a generator's state begins with its seed


class CannotCross(Exception):
    """A test cell passed an object that cannot cross: a mistake of the test's author."""


class StudentError(Exception):
    """An exception of the student's code that is not a built-in exception."""


class Conversation:
    """The requests of one test cell to a student's process, with their objects, leaves and calls.

    Args:
        student: the student's process.
        randomness: a generator that the student does not know; after a call, it sets the judge's generators.
    """

    def __init__(self, student: Student, randomness: random.Random) -> None:
        self.student, self.randomness = student, randomness
        self.leaves: dict[int, Tensor] = {}
        self.forgotten: list[int] = []  # nodes that the process may drop, sent with the next request
        self.sample: list[Call] = []  # a uniform sample of the answered calls, for the audit
        self.answered = 0
        self.references: tuple[Callable, ...] = ()  # the library's own versions of the exercise
        self.library_calls: list[str] = []  # the references that the answer called
        self._ask({"do": "begin"})

    def look(self, name: str) -> Any:
        """Return the value or proxy of a name that the student's cells define.

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
        """Make the process report calls of these functions and classes of the library."""
        self.references = tuple(references)
        names = [[reference.__module__, reference.__qualname__] for reference in references]
        self._ask({"do": "watch", "references": names})

    def get(self, number: int, name: str) -> Any:
        """Return an attribute of an object."""
        return self._value(self._ask({"do": "get", "object": number, "name": name}))

    def call(self, target: RemoteObject, arguments: tuple, keywords: dict) -> Any:
        """Call an object and return its result.

        Raises:
            CannotCross: if an argument cannot cross.
        """
        call = self._written(target, arguments, keywords)
        began = monotonic()
        try:
            result = self.repeat(call)
        finally:
            for generator in (*call.generators, torch.default_generator):
                # The student's process does not report its state: it could choose the next random numbers.
                _advance(generator, self.randomness.getrandbits(63))
        if not (target._stateful or call.has_objects):
            self._remember(call, result, monotonic() - began)
        return result

    def _remember(self, call: Call, result: Any, seconds: float) -> None:
        """Keep a call by reservoir sampling: in the end, every call is kept with the same probability."""
        self.answered += 1
        slot = len(self.sample)
        if slot == SAMPLE:
            slot = self.randomness.randrange(self.answered)
        if slot < SAMPLE:
            call.keep(result, seconds)
            self.sample[slot : slot + 1] = [call]

    def repeat(self, call: Call) -> Any:
        """Send a call, perhaps not for the first time, and return its result."""
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
        """Return the vector-Jacobian product of a node, one entry per leaf."""
        writer = self._writer()
        request = {"do": "differentiate", "node": node, "create_graph": create_graph}
        request["gradients"] = writer.encode(list(gradients))
        found = self._value(self._ask(request, writer.buffers))
        if type(found) is not list or any(g is not None and type(g) is not Tensor for g in found):
            raise malformed("gradients must be a list of tensors")
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
        """Return a reply's value; a malformed value ends the conversation."""
        decoder = ResultDecoder(reply.body, self._own_leaf, partial(remote, self))
        try:
            live = reply.header.get("live", [])
            if type(live) is not list or not all(type(t) is list and t[:1] == ["T"] for t in live):
                raise NotPlain("live tensors must be a list")
            tensors = [decoder.decode(tensor) for tensor in live]
            if tensors:
                decoder.live = self._joined(reply.header, tensors)
            return decoder.decode(reply.header.get("value"))
        except (NotPlain, KeyError, TypeError) as error:
            raise malformed(error) from None

    def _joined(self, header: dict, tensors: list[Tensor]) -> tuple[Tensor, ...]:
        """Put returned tensors into the judge's graph."""
        node, numbers = header["node"], header["leaves"]
        if type(node) is not int or not all(t.is_floating_point() or t.is_complex() for t in tensors):
            raise NotPlain("live tensors must be real or complex")
        inputs = [self.leaves[number] for number in numbers]
        anchor = torch.empty(
            0, requires_grad=True
        )  # a live tensor requires a gradient even if it depends on no leaf
        with torch.enable_grad():
            return RemoteNode.apply(self, node, tensors, anchor, *inputs)

    def _own_leaf(self, number: int, tensor: Tensor) -> Tensor:
        """Return the judge's copy of a student's leaf, updated to the received value."""
        known = self.leaves.setdefault(number, tensor)
        if known.shape != tensor.shape or known.dtype != tensor.dtype:
            raise NotPlain("a leaf must keep its shape and dtype")
        known.data.copy_(tensor.data)
        return known


def _advance(generator: torch.Generator, seed: int) -> None:
    """Move a generator to another state without changing its initial seed, as drawing does."""
    state = torch.Generator().manual_seed(seed).get_state()
    state[:SEED_BYTES] = generator.get_state()[:SEED_BYTES]
    generator.set_state(state)


def _raised(student_error: CellError) -> BaseException:
    """Return an exception that represents the student's, of the same class if that is built in."""
    kind = getattr(builtins, student_error.name, None)
    plain = isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, StopIteration)
    try:
        error = kind(student_error.message) if plain else StudentError(student_error.message)
    except TypeError:  # such as UnicodeDecodeError, which needs more arguments
        error = StudentError(student_error.message)
    error.student = student_error
    return error
