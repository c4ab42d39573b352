"""The results of a student's process: plain data, tensors in a graph, references to objects that stay there.

====  ==============================  ================================================================
tag   content                         value
====  ==============================  ================================================================
R     place                           tensor with a graph; all are written before the value
L     leaf, parameter, dtype, shape   the student's own tensor that requires a gradient
i     items                           an iterator, read to its end
h     number, name of its type        object that stays in the student's process
====  ==============================  ================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from autograder.wire.arrays import NotPlain, tensor_bytes, tensor_of
from autograder.wire.values import MOST_ITEMS, Decoder, Encoder


class ResultEncoder(Encoder):
    """The student's side.

    Args:
        most_bytes: maximum size of all tensors together.
        own_leaf: a function that returns the number of a student's leaf, or None for a tensor from the judge.
        handle_of: a function that keeps an object and returns its number.

    Attributes:
        live: the tensors with a graph, which are written before the value.
    """

    def __init__(
        self, most_bytes: int, own_leaf: Callable[[Tensor], int | None], handle_of: Callable[[Any], int]
    ) -> None:
        super().__init__(most_bytes)
        self.own_leaf, self.handle_of = own_leaf, handle_of
        self.live: list[Tensor] = []

    def tensor(self, value: Tensor) -> list:
        if not value.requires_grad:
            return super().tensor(value)
        number = self.own_leaf(value) if value.is_leaf else None
        if number is not None:
            stored = self._stored(tensor_bytes(value, self.bytes_left))
            return ["L", number, type(value) is torch.nn.Parameter, *stored]
        self.live.append(value)
        return ["R", len(self.live) - 1]

    def message(self, value: Any) -> tuple[list, Any]:
        """Return the encoded live tensors and the encoded value; ``buffers`` contains the bytes in that order."""
        written = self.encode(value)
        value_buffers, self.buffers = self.buffers, []
        live = [Encoder.tensor(self, tensor) for tensor in self.live]
        self.buffers += value_buffers
        return live, written

    def other(self, value: Any, depth: int) -> Any:
        if isinstance(value, tuple):  # a named tuple, for example the result of torch.max
            return self._tuple(value, depth)
        if isinstance(value, list):
            return self._list(value, depth)
        if isinstance(value, dict):
            return self._dict(value, depth)
        if isinstance(value, Iterator):
            return ["i", *[self.encode(item, depth + 1) for item in islice(value, MOST_ITEMS)]]
        try:
            return super().other(value, depth)
        except NotPlain:
            return ["h", self.handle_of(value), type(value).__name__[:100]]


class ResultDecoder(Decoder):
    """The judge's side: strict, because its input is not trusted.

    Args:
        body: the bytes.
        leaf: a function that returns the judge's tensor for a student's leaf, given its number and its value.
        handle: a function that returns the proxy of an object of the student's process.
    """

    def __init__(
        self,
        body: bytearray,
        leaf: Callable[[int, Tensor], Tensor],
        handle: Callable[[int, str], Any],
    ) -> None:
        super().__init__(body)
        self.leaf, self.handle = leaf, handle
        self.live: tuple[Tensor, ...] = ()

    def read_R(self, data: list, depth: int) -> Tensor:
        if len(data) != 1 or type(data[0]) is not int or not 0 <= data[0] < len(self.live):
            raise NotPlain("a live tensor is missing")
        return self.live[data[0]]

    def read_L(self, data: list, depth: int) -> Tensor:
        if len(data) != 4 or type(data[0]) is not int or data[0] >= 0 or type(data[1]) is not bool:
            raise NotPlain("a leaf must have a number below zero")
        tensor = tensor_of(*self._array(data[2:], array=False))
        if not (tensor.is_floating_point() or tensor.is_complex()):
            raise NotPlain("a leaf must contain real or complex numbers")
        return self.leaf(data[0], torch.nn.Parameter(tensor) if data[1] else tensor.requires_grad_())

    def read_i(self, data: list, depth: int) -> Iterator:
        return iter([self.decode(item, depth + 1) for item in data])

    def read_h(self, data: list, depth: int) -> Any:
        if len(data) != 2 or type(data[0]) is not int or type(data[1]) is not str:
            raise NotPlain("an object must have a number and a type")
        return self.handle(data[0], data[1][:100])
