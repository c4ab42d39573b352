"""Values as JSON and raw bytes.

None, bool, int, float and str are written unchanged; every other value is a list that begins with a tag:

====  ================================================  =====
tag   content                                           value
====  ================================================  =====
l t   items                                             list, tuple
z     sizes                                             torch.Size
d     pairs                                             dict
c     real, imaginary                                   complex
T     dtype, shape                                      tensor; its bytes are in the body, in order
A S   dtype, shape                                      numpy array, numpy scalar; likewise
y v   name                                              dtype, device
s     start, stop, step                                 slice
====  ================================================  =====

Values that only the judge sends have further tags in :mod:`autograder.wire.arguments`. Values that only a student's
process sends, such as references to its objects, have further tags in :mod:`autograder.wire.results`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.wire.arrays import (
    DTYPE_NAMES,
    DTYPES,
    NotPlain,
    array_bytes,
    array_of,
    size_of,
    tensor_bytes,
    tensor_of,
)

DEEPEST = 40
MOST_ITEMS = 200_000
MOST_CHARACTERS = 4_000_000
LARGEST_INTEGER = 1 << 1024


class Encoder:
    """Writes values; ``buffers`` holds the bytes of tensors and arrays, in the order of writing.

    Args:
        most_bytes: maximum size of all buffers together.
    """

    def __init__(self, most_bytes: int) -> None:
        self.buffers: list[memoryview] = []
        self.bytes_left = most_bytes
        self.items_left = MOST_ITEMS

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return the value in JSON's types.

        Raises:
            NotPlain: if the value, or a part of it, does not cross.
        """
        self.items_left -= 1
        if self.items_left < 0 or depth > DEEPEST:
            raise NotPlain(
                f"a value must have at most {MOST_ITEMS:,} parts and {DEEPEST} levels of nesting to cross"
            )
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            return self._integer(value)
        if kind is str:
            return self._text(value)
        if kind is Tensor or kind is torch.nn.Parameter:
            return self.tensor(value)
        writer = getattr(self, WRITERS.get(kind, ""), None)
        if writer is not None:
            return writer(value, depth)
        return self.other(value, depth)

    def tensor(self, value: Tensor) -> list:
        """Write a tensor without its gradient."""
        return ["T", *self._stored(tensor_bytes(value, self.bytes_left))]

    def other(self, value: Any, depth: int) -> Any:
        """Write a value of another type: arrays here, further types in the subclasses."""
        if isinstance(value, np.generic | np.ndarray):
            if type(value) is not np.ndarray and isinstance(value, np.ndarray):
                raise NotPlain(f"a {type(value).__name__} is not a plain array")
            tag = "A" if isinstance(value, np.ndarray) else "S"
            return [tag, *self._stored(array_bytes(value, self.bytes_left))]
        raise NotPlain(f"a {type(value).__name__} is not plain data")

    def _integer(self, value: int) -> int:
        if abs(value) > LARGEST_INTEGER:
            raise NotPlain("a whole number must have at most 1,024 bits to cross")
        return value

    def _text(self, value: str) -> str:
        if len(value) > MOST_CHARACTERS:
            raise NotPlain(
                f"a text must have at most {MOST_CHARACTERS:,} characters to cross, got {len(value):,}"
            )
        return value

    def _stored(self, parts: tuple[str, list[int], memoryview]) -> tuple[str, list[int]]:
        dtype, shape, data = parts
        self.bytes_left -= len(data)
        self.buffers.append(data)
        return dtype, shape

    def _list(self, value: list, depth: int) -> list:
        return ["l", *[self.encode(item, depth + 1) for item in value]]

    def _tuple(self, value: tuple, depth: int) -> list:
        return ["t", *[self.encode(item, depth + 1) for item in value]]

    def _size(self, value: torch.Size, depth: int) -> list:
        return ["z", *value]

    def _dict(self, value: dict, depth: int) -> list:
        return ["d", *[[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()]]

    def _complex(self, value: complex, depth: int) -> list:
        return ["c", value.real, value.imag]

    def _dtype(self, value: torch.dtype, depth: int) -> list:
        if value not in DTYPE_NAMES:
            raise NotPlain(f"{value} does not cross")
        return ["y", DTYPE_NAMES[value]]

    def _device(self, value: torch.device, depth: int) -> list:
        return ["v", str(value)]

    def _slice(self, value: slice, depth: int) -> list:
        return ["s", *[self.encode(part, depth + 1) for part in (value.start, value.stop, value.step)]]


WRITERS = {
    list: "_list",
    tuple: "_tuple",
    torch.Size: "_size",
    dict: "_dict",
    complex: "_complex",
    torch.dtype: "_dtype",
    torch.device: "_device",
    slice: "_slice",
}


class Decoder:
    """Reads values that the other side wrote, as exactly the types of the table, and refuses others.

    Args:
        body: the bytes of tensors and arrays.
    """

    def __init__(self, body: bytearray) -> None:
        self.body = memoryview(body)
        self.position = 0
        self.items_left = MOST_ITEMS

    def decode(self, data: Any, depth: int = 0) -> Any:
        """Return the value.

        Raises:
            NotPlain: if it is not in the format of :class:`Encoder`.
        """
        self.items_left -= 1
        if self.items_left < 0 or depth > DEEPEST:
            raise NotPlain("it has too many parts or is nested too deeply")
        kind = type(data)
        if data is None or kind is bool or kind is float or kind is str:
            return data
        if kind is int:
            if abs(data) > LARGEST_INTEGER:
                raise NotPlain("a whole number is too large")
            return data
        if kind is not list or not data or type(data[0]) is not str:
            raise NotPlain("a value has no tag")
        reader = getattr(self, f"read_{data[0]}", None) if len(data[0]) == 1 else None
        if reader is None:
            raise NotPlain(f"the tag {data[0][:20]!r} is unknown")
        return reader(data[1:], depth)

    def take(self, size: int) -> memoryview:
        """Return the next bytes of the body."""
        if size > len(self.body) - self.position:
            raise NotPlain("the bytes of a tensor are missing")
        part = self.body[self.position : self.position + size]
        self.position += size
        return part

    def read_l(self, data: list, depth: int) -> list:
        return [self.decode(item, depth + 1) for item in data]

    def read_t(self, data: list, depth: int) -> tuple:
        return tuple(self.decode(item, depth + 1) for item in data)

    def read_z(self, data: list, depth: int) -> torch.Size:
        if len(data) > 64 or not all(type(n) is int and 0 <= n < 1 << 40 for n in data):
            raise NotPlain("a torch.Size must be a list of sizes")
        return torch.Size(data)

    def read_d(self, data: list, depth: int) -> dict:
        found = {}
        for pair in data:
            if type(pair) is not list or len(pair) != 2:
                raise NotPlain("a dict must be written as pairs")
            key = self.decode(pair[0], depth + 1)
            if key is not None and type(key) not in (bool, int, float, str, tuple):
                raise NotPlain(f"a dict whose keys are a {type(key).__name__} does not cross")
            try:
                found[key] = self.decode(pair[1], depth + 1)
            except TypeError:  # a tuple of lists
                raise NotPlain("a key of a dict cannot be hashed") from None
        return found

    def read_c(self, data: list, depth: int) -> complex:
        if len(data) != 2 or not all(type(part) is float for part in data):
            raise NotPlain("a complex number must have two parts")
        return complex(*data)

    def read_T(self, data: list, depth: int) -> Tensor:
        return tensor_of(*self._array(data, array=False))

    def read_A(self, data: list, depth: int) -> np.ndarray:
        return array_of(*self._array(data, array=True))

    def read_S(self, data: list, depth: int) -> np.generic:
        array = array_of(*self._array(data, array=True))
        if array.shape != ():
            raise NotPlain("a scalar must not have axes")
        return array[()]

    def read_y(self, data: list, depth: int) -> torch.dtype:
        if len(data) != 1 or type(data[0]) is not str or data[0] not in DTYPES:
            raise NotPlain("the dtype must be one that crosses")
        return DTYPES[data[0]]

    def read_v(self, data: list, depth: int) -> torch.device:
        if data != ["cpu"]:
            raise NotPlain("a device must be the CPU")
        return torch.device("cpu")

    def read_s(self, data: list, depth: int) -> slice:
        if len(data) != 3 or not all(part is None or type(part) is int for part in data):
            raise NotPlain("a slice must have three parts")
        return slice(*data)

    def _array(self, data: list, *, array: bool) -> tuple[str, list[int], memoryview]:
        if len(data) != 2:
            raise NotPlain("an array must be written as dtype and shape")
        return data[0], data[1], self.take(size_of(data[0], data[1], array=array))
