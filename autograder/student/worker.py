"""Serve the judge inside a confined child: run cells, call functions, and differentiate their results."""

from __future__ import annotations

import random
import socket
import traceback
import zlib
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.student.cell_runner import CellRunner, message_of
from autograder.wire.arguments import ArgumentDecoder
from autograder.wire.arrays import NotPlain
from autograder.wire.frames import receive_frame, send_frame
from autograder.wire.names import find
from autograder.wire.results import ResultEncoder
from autograder.wire.text_limits import NAME_CHARACTERS, TRACEBACK_CHARACTERS
from dgm_helpers.checks.library_answers import code_keys, watch

EVERYTHING = 1 << 62  # the judge limits the size of its messages


class Worker:
    """Answers requests on a socket, one after the other.

    Objects, and the leaves that they may use, are kept until the next ``begin``, which starts the next test cell. A
    graph is kept until the judge forgets it.

    Args:
        connection: the socket to the judge.
        runner: the runner of cells.
        output_characters: the maximum output of one cell or one call.
        result_bytes: the maximum size of one result's tensors.
    """

    def __init__(
        self, connection: socket.socket, runner: CellRunner, output_characters: int, result_bytes: int
    ) -> None:
        self.connection, self.runner = connection, runner
        self.output_characters, self.result_bytes = output_characters, result_bytes
        self._forget()

    def serve(self) -> None:
        """Answer requests until the judge closes the connection, then raise ConnectionError."""
        self.runner.begin(self.output_characters)
        while True:
            number, request, body = receive_frame(self.connection, EVERYTHING)
            recorder = self.runner.record()
            for node in request.get("forget", []):
                del self.nodes[node]
            try:
                answer, buffers = getattr(self, f"_do_{request['do']}")(request, body)
            except BaseException as error:  # a submission may raise anything; every exception is its answer
                answer, buffers = {"error": describe(error)}, []
            outputs = recorder.finished()["outputs"]
            if "outputs" not in answer and outputs:
                answer["printed"] = "".join(o["text"] for o in outputs if o["output_type"] == "stream")
            send_frame(self.connection, number, answer, buffers)

    def _forget(self) -> None:
        self.objects: list[Any] = []
        self.own: dict[int, Tensor] = {}  # the student's leaves that the judge knows, with negative numbers
        self.held: dict[int, Tensor] = {}  # the judge's leaves that an object may have kept
        self.nodes: dict[int, tuple[list[Tensor], dict[int, Tensor]]] = {}  # outputs and leaves
        self.made = 0
        self.forbidden: frozenset = frozenset()  # code of the library that an answer must not call

    def _do_run(self, request: dict, body: bytearray) -> tuple[dict, list]:
        return self.runner.run(request["source"]), []

    def _do_begin(self, request: dict, body: bytearray) -> tuple[dict, list]:
        self._forget()
        return {}, []

    def _do_watch(self, request: dict, body: bytearray) -> tuple[dict, list]:
        self.forbidden = code_keys(find(*name) for name in request["references"])
        return {}, []

    def _do_look(self, request: dict, body: bytearray) -> tuple[dict, list]:
        names = self.runner.shell.user_ns
        if request["name"] not in names:
            return {"missing": True}, []
        return self._answer(names[request["name"]], {})

    def _do_get(self, request: dict, body: bytearray) -> tuple[dict, list]:
        value = getattr(self.objects[request["object"]], request["name"])
        return self._answer(value, self.own | self.held)

    def _do_call(self, request: dict, body: bytearray) -> tuple[dict, list]:
        reader = ArgumentDecoder(body, self.objects.__getitem__)
        state = torch.frombuffer(reader.take(request["random_state"]), dtype=torch.uint8).clone()
        arguments, keywords = reader.read_call(request["arguments"])
        function = self.objects[request["object"]]
        _seed(state)
        with torch.set_grad_enabled(request["grad"]), watch(self.forbidden) as library_calls:
            result = function(*arguments, **keywords)
        # The results of an object may depend on earlier arguments.
        stateful, objects = request["stateful"], len(self.objects)
        answer, buffers = self._answer(result, self.own | (self.held if stateful else {}) | reader.leaves)
        if stateful or len(self.objects) > objects:
            self.held |= reader.leaves
        changed = reader.changed()
        if changed:
            answer["changed"] = changed
        if library_calls:
            answer["library"] = True
        return answer, buffers

    def _do_differentiate(self, request: dict, body: bytearray) -> tuple[dict, list]:
        """Return the vector-Jacobian product of a node: the gradients of its leaves, given those of its outputs."""
        reader = ArgumentDecoder(body, self.objects.__getitem__)
        gradients = reader.decode(request["gradients"])
        outputs, leaves = self.nodes[request["node"]]
        pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if g is not None]
        if not pairs or not leaves:
            return self._answer([None] * len(leaves), {})
        found = torch.autograd.grad(
            [output for output, _ in pairs],
            [leaves[number] for number in sorted(leaves)],
            [gradient for _, gradient in pairs],
            retain_graph=True,
            create_graph=request["create_graph"],
            allow_unused=True,
        )
        return self._answer(list(found), leaves | reader.leaves)

    def _answer(self, value: Any, leaves: dict[int, Tensor]) -> tuple[dict, list]:
        writer = ResultEncoder(self.result_bytes, partial(self._own_leaf, leaves), self._keep)
        live, written = writer.message(value)
        answer = {"value": written, "live": live}
        if live:
            self.made += 1
            self.nodes[self.made] = writer.live, leaves
            answer |= {"node": self.made, "leaves": sorted(leaves)}
        return answer, writer.buffers

    def _own_leaf(self, leaves: dict[int, Tensor], tensor: Tensor) -> int | None:
        for number, leaf in (self.own | self.held | leaves).items():
            if leaf is tensor:
                return number if number < 0 else None
        number = -1 - len(self.own)
        self.own[number] = tensor
        return number

    def _keep(self, value: Any) -> int:
        self.objects.append(value)
        return len(self.objects) - 1


def _seed(state: Tensor) -> None:
    """Set the judge's global random state; Python's and numpy's are derived from it."""
    torch.set_rng_state(state)
    seed = zlib.crc32(state.numpy())
    random.seed(seed)
    np.random.seed(seed)


def describe(error: BaseException) -> list:
    """Return an exception's class name, message and lines of its traceback, without the frames of this module."""
    name = str(type(error).__name__)[:NAME_CHARACTERS]
    if isinstance(error, NotPlain):
        name = "CannotCross"
    return [name, message_of(error), _traceback(error)]


def _traceback(error: BaseException) -> list[str]:
    step: TracebackType | None = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename == __file__:
        step = step.tb_next
    try:
        lines = traceback.format_exception(type(error), error, step)
    except Exception:  # an exception class of the student's may fail even here
        return []
    return "".join(lines)[-TRACEBACK_CHARACTERS:].split("\n")
