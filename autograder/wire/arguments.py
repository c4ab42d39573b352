"""The arguments that a test passes to a student's function: plain data, and library objects by name.

====  ========================================  ==========================================================
tag   content                                   value
====  ========================================  ==========================================================
P     leaf, of a leaf, parameter, its .grad,    tensor that a gradient flows back to, or a parameter
      dtype, shape
m     number                                    the same tensor or object as earlier in this message
g                                               generator; its state is in the body
n     module, name                              function or class of a library
b     object, name                              its method
p     function, arguments, keywords             ``functools.partial``
o     module, name, attributes                  instance of a library's class, such as a model with its weights
e     items                                     set
h     number                                    object of the student's process
====  ========================================  ==========================================================
"""

from __future__ import annotations

import functools
import types
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.wire.arrays import (
    GENERATOR_BYTES,
    NotPlain,
    generator_bytes,
    generator_of,
    tensor_bytes,
    tensor_of,
)
from autograder.wire.names import find, name_of
from autograder.wire.values import Decoder, Encoder

OBJECT_ROOTS = ("dgm_helpers", "torch", "einops")
Stored = tuple[str, list[int], memoryview]


class ArgumentEncoder(Encoder):
    """The judge's side.

    Args:
        most_bytes: maximum size of all tensors together.
        new_leaf: a function that numbers a tensor that a gradient may flow back to.
        handle_of: a function that returns the number of an object of the student's process, or None for other values.

    Attributes:
        generators: the generators written, in order.
        has_objects: whether an object of the student's process was written.
    """

    def __init__(
        self, most_bytes: int, new_leaf: Callable[[Tensor], int], handle_of: Callable[[Any], int | None]
    ) -> None:
        super().__init__(most_bytes)
        self.new_leaf, self.handle_of = new_leaf, handle_of
        self.generators: list[torch.Generator] = []
        self.has_objects = False
        self.seen: dict[int, tuple[int, Any]] = {}  # the object is kept so that its id stays unique

    def tensor(self, value: Tensor) -> list:
        if id(value) in self.seen:
            return ["m", self.seen[id(value)][0]]
        self._remember(value)
        if not value.requires_grad and type(value) is Tensor:
            return super().tensor(value)
        leaf = self.new_leaf(value) if value.requires_grad else None
        gradient = value.grad if value.is_leaf else None
        written = None if gradient is None else super().tensor(gradient.detach())
        stored = self._stored(tensor_bytes(value, self.bytes_left))
        return ["P", leaf, value.is_leaf, type(value) is torch.nn.Parameter, written, *stored]

    def other(self, value: Any, depth: int) -> Any:
        number = self.handle_of(value)
        if number is not None:
            self.has_objects = True
            return ["h", number]
        if isinstance(value, torch.Generator):
            self.generators.append(value)
            self.buffers.append(generator_bytes(value))
            return ["g"]
        if type(value) is OrderedDict:  # a module's hooks
            return self._dict(value, depth)
        if isinstance(value, set):
            return ["e", *[self.encode(item, depth + 1) for item in value]]
        if isinstance(value, types.MethodType):
            return ["b", self.encode(value.__self__, depth + 1), value.__name__]
        if type(value) is functools.partial:
            parts = (value.func, list(value.args), dict(value.keywords))
            return ["p", *[self.encode(part, depth + 1) for part in parts]]
        name = name_of(value)
        if name is not None:
            return ["n", *name]
        return self._instance(value, depth)

    def _instance(self, value: Any, depth: int) -> Any:
        name = name_of(type(value))
        if name is None or name[0].partition(".")[0] not in OBJECT_ROOTS or not hasattr(value, "__dict__"):
            return super().other(value, depth) if not callable(value) else self._refuse(value)
        if id(value) in self.seen:
            return ["m", self.seen[id(value)][0]]
        self._remember(value)
        return ["o", *name, self._dict(vars(value), depth + 1)]

    def _refuse(self, value: Any) -> None:
        called = getattr(value, "__qualname__", type(value).__qualname__)
        raise NotPlain(f"{called} is not a function of a library, and code does not cross")

    def _remember(self, value: Any) -> None:
        self.seen[id(value)] = (len(self.seen), value)


class ArgumentDecoder(Decoder):
    """The student's side: it trusts its input, because the judge wrote it.

    Args:
        body: the bytes; they are kept to find changed arguments.
        object_of: a function that returns the object with a number.

    Attributes:
        leaves: the tensors that a gradient flows back to, by number.
    """

    def __init__(self, body: bytearray, object_of: Callable[[int], Any]) -> None:
        super().__init__(body)
        self.object_of = object_of
        self.leaves: dict[int, Tensor] = {}
        self.seen: list[Any] = []
        self.place: int | str = 0  # position or name of the argument being read
        self.inside_objects = 0  # number of objects around the value being read; their contents may change
        self.unchanged: list[tuple[int | str, Callable[[], bool]]] = []

    def read_call(self, data: list) -> tuple[list, dict[str, Any]]:
        """Return a call's positional and keyword arguments."""
        _, (_, *positional), (_, *keywords) = data
        arguments = [self._argument(number, value) for number, value in enumerate(positional, start=1)]
        return arguments, {name: self._argument(name, value) for name, value in keywords}

    def _argument(self, place: int | str, data: Any) -> Any:
        self.place = place
        return self.decode(data)

    def changed(self) -> list[int | str]:
        """Return the positions and names of the arguments that have changed since they were read."""
        return list(dict.fromkeys(place for place, unchanged in self.unchanged if not unchanged()))

    def read_l(self, data: list, depth: int) -> list:
        return self._keep_container(super().read_l(data, depth), list)

    def read_d(self, data: list, depth: int) -> dict:
        return self._keep_container(super().read_d(data, depth), dict)

    def _keep_container(self, value: Any, kind: type) -> Any:
        """Watch the entries of a list or dict for replacement; changes inside an entry are watched separately."""
        if not self.inside_objects:
            before = [*value] if kind is list else [*value.items()]

            def unchanged() -> bool:
                after = [*value] if kind is list else [*value.items()]
                return len(before) == len(after) and all(map(_same_entry, before, after))

            self.unchanged.append((self.place, unchanged))
        return value

    def read_T(self, data: list, depth: int) -> Tensor:
        stored = self._array(data, array=False)
        return self._keep(tensor_of(*stored), stored, watched=not self.inside_objects)

    def read_A(self, data: list, depth: int) -> np.ndarray:
        value = super().read_A(data, depth)
        if not self.inside_objects:
            before = value.copy()
            self.unchanged.append((self.place, lambda: before.tobytes() == value.tobytes()))
        return value

    def read_P(self, data: list, depth: int) -> Tensor:
        number, is_leaf, is_parameter, gradient, *written = data
        held = None if gradient is None else tensor_of(*self._array(gradient[1:], array=False))
        stored = self._array(written, array=False)
        tensor = tensor_of(*stored)
        if is_parameter:
            tensor = torch.nn.Parameter(tensor, requires_grad=number is not None)
        elif number is not None:
            tensor.requires_grad_()
        tensor.grad = held
        if number is not None:
            self.leaves[number] = tensor
        watched = is_parameter or not self.inside_objects
        return self._keep(tensor if is_leaf else tensor.clone(), stored, watched=watched)

    def _keep(self, tensor: Tensor, stored: Stored, *, watched: bool) -> Tensor:
        self.seen.append(tensor)
        if watched:
            self.unchanged.append((self.place, lambda: _equals(tensor, stored)))
        return tensor

    def read_m(self, data: list, depth: int) -> Any:
        return self.seen[data[0]]

    def read_g(self, data: list, depth: int) -> torch.Generator:
        return generator_of(self.take(GENERATOR_BYTES))

    def read_n(self, data: list, depth: int) -> Any:
        return find(*data)

    def read_b(self, data: list, depth: int) -> Any:
        return getattr(self.decode(data[0], depth + 1), data[1])

    def read_p(self, data: list, depth: int) -> functools.partial:
        function, arguments, keywords = (self.decode(part, depth + 1) for part in data)
        return functools.partial(function, *arguments, **keywords)

    def read_o(self, data: list, depth: int) -> Any:
        value = object.__new__(find(data[0], data[1]))
        self.seen.append(value)
        self.inside_objects += 1
        value.__dict__.update(self.decode(data[2], depth + 1))
        self.inside_objects -= 1
        return value

    def read_e(self, data: list, depth: int) -> set:
        return {self.decode(item, depth + 1) for item in data}

    def read_h(self, data: list, depth: int) -> Any:
        return self.object_of(data[0])


def _same_entry(before: Any, after: Any) -> bool:
    if type(before) is tuple and type(after) is tuple and len(before) == len(after):
        return all(map(_same_entry, before, after))
    return before is after or (type(before) in (bool, int, float, str) and before == after)


def _equals(tensor: Tensor, stored: Stored) -> bool:
    """Return whether a tensor still has the stored dtype, shape and bytes."""
    *kind, before = stored
    try:
        *kind_now, now = tensor_bytes(tensor, len(before))
    except NotPlain:
        return False
    return kind_now == kind and np.array_equal(np.asarray(now), np.asarray(before))
