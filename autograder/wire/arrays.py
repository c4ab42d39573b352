"""Tensors, arrays and generators as type, shape and raw bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
        *(torch.complex128, torch.complex64),
    )
}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
ARRAY_DTYPES = frozenset(
    ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1", "c16", "c8"]
)
GENERATOR_BYTES = len(torch.Generator().get_state())
MOST_AXES = 32
MOST_ENTRIES = 1 << 50  # product of the non-empty axes; larger ones overflow


class NotPlain(ValueError):
    """A value that cannot be written as plain data; the message names it and the reason."""


def tensor_bytes(tensor: Tensor, most: int) -> tuple[str, list[int], memoryview]:
    """Return dtype, shape and bytes of a tensor; strided, sparse and GPU tensors are made plain.

    Raises:
        NotPlain: if the tensor has no values (``meta``), a dtype that does not cross, or more than ``most`` bytes.
    """
    size = math.prod(tensor.shape) * tensor.element_size()
    if size > most:
        raise NotPlain(
            f"a tensor must have at most {most:,} bytes to cross; got shape {tuple(tensor.shape)} with {size:,} bytes"
        )
    if tensor.is_meta or tensor.is_quantized or tensor.dtype not in DTYPE_NAMES:
        raise NotPlain(f"a tensor of {tensor.dtype} on {tensor.device} does not contain plain numbers")
    plain = tensor.detach()
    if plain.layout != torch.strided:
        plain = plain.to_dense()
    plain = plain.to("cpu").resolve_conj().resolve_neg().contiguous()
    plain = plain.as_strided((plain.numel(),), (1,))  # a single entry may have any stride
    try:
        data = memoryview(plain.view(torch.uint8).numpy()) if plain.numel() else memoryview(b"")
    except RuntimeError as error:  # for example a tensor inside torch.func.grad
        raise NotPlain(f"a tensor's memory cannot be read: {error}") from None
    return DTYPE_NAMES[tensor.dtype], list(tensor.shape), data


def tensor_of(dtype: str, shape: Sequence[int], data: memoryview) -> Tensor:
    """Rebuild a tensor; ``data`` has the size that :func:`size_of` returns."""
    if not len(data):
        return torch.empty(tuple(shape), dtype=DTYPES[dtype])
    # A copy: aligned, writable, and the only tensor that uses this memory.
    raw = torch.frombuffer(data, dtype=torch.uint8).clone()
    plain = raw != 0 if dtype == "bool" else raw.view(DTYPES[dtype])  # a bool must have byte 0 or 1
    return plain.reshape(tuple(shape))


def array_bytes(array: np.ndarray | np.generic, most: int) -> tuple[str, list[int], memoryview]:
    """Return dtype, shape and bytes of a numpy array or scalar.

    Raises:
        NotPlain: if its dtype is not one of plain numbers, or if it has more than ``most`` bytes.
    """
    dtype = array.dtype.str.lstrip("<>=|")
    if dtype not in ARRAY_DTYPES:
        raise NotPlain(f"an array of dtype {array.dtype} does not contain plain numbers")
    if array.nbytes > most:
        raise NotPlain(
            f"an array must have at most {most:,} bytes to cross; got shape {array.shape} with {array.nbytes:,} bytes"
        )
    plain = np.ascontiguousarray(array, dtype=np.dtype(f"<{dtype}"))
    return dtype, list(array.shape), memoryview(plain.reshape(-1).view(np.uint8))


def array_of(dtype: str, shape: Sequence[int], data: memoryview) -> np.ndarray:
    """Rebuild an array; ``data`` has the size that :func:`size_of` returns."""
    raw = np.frombuffer(data, dtype=np.uint8)
    plain = raw != 0 if dtype == "b1" else raw.copy().view(np.dtype(f"<{dtype}"))
    return plain.reshape(tuple(shape))


def size_of(dtype: object, shape: object, *, array: bool) -> int:
    """Return the number of bytes of a tensor or an array.

    Raises:
        NotPlain: if the dtype is unknown, or the shape is not a list of sensible sizes.
    """
    known = ARRAY_DTYPES if array else DTYPES
    if not isinstance(dtype, str) or dtype not in known:
        raise NotPlain(f"the dtype must be one that crosses, got {str(dtype)[:40]!r}")
    fits = isinstance(shape, list) and len(shape) <= MOST_AXES
    if not fits or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise NotPlain("a shape must be a list of sizes")
    if math.prod(max(n, 1) for n in shape) > MOST_ENTRIES:
        raise NotPlain("a shape has too many entries")
    item = np.dtype(dtype).itemsize if array else DTYPES[dtype].itemsize
    return math.prod(shape) * item


def generator_bytes(generator: torch.Generator) -> memoryview:
    """Return the state of a CPU generator.

    Raises:
        NotPlain: if it belongs to another device.
    """
    if generator.device.type != "cpu":
        raise NotPlain(f"a generator must be on the CPU to cross, got {generator.device.type}")
    return memoryview(generator.get_state().numpy())


def generator_of(data: memoryview) -> torch.Generator:
    """Rebuild a generator from its state."""
    generator = torch.Generator()
    generator.set_state(torch.frombuffer(data, dtype=torch.uint8).clone())
    return generator
