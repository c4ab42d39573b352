"""Plain data goes there and back exactly, and everything else is refused."""

import json
import math
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from autograder.wire.arrays import DTYPES, NotPlain, generator_bytes, generator_of, tensor_bytes
from autograder.wire.results import ResultDecoder
from autograder.wire.values import DEEPEST, MOST_ITEMS, Decoder, Encoder

MUCH = 1 << 30


def over(value):
    """Return a value as it is after its way through JSON and a body."""
    writer = Encoder(MUCH)
    text = json.dumps(writer.encode(value))
    return Decoder(bytearray(b"".join(writer.buffers))).decode(json.loads(text))


def same(first, second) -> bool:
    """Whether two values are of the same types and the same numbers, to the last bit."""
    if type(first) is not type(second):
        return False
    if isinstance(first, torch.Tensor):
        alike = first.dtype == second.dtype and first.shape == second.shape and not second.requires_grad
        return alike and tensor_bytes(first, MUCH)[2] == tensor_bytes(second, MUCH)[2]
    if isinstance(first, np.ndarray | np.generic):
        alike = first.dtype.newbyteorder("=") == second.dtype and first.shape == second.shape
        return alike and first.astype(second.dtype).tobytes() == second.tobytes()
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return same(list(first.items()), list(second.items()))
    if isinstance(first, float):
        return struct.pack("d", first) == struct.pack("d", second)
    return first == second


def floating(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


SPECIAL = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1]
PLAIN = {
    "none": None,
    "true": True,
    "small": -7,
    "large": 2**1000 + 1,
    "text": "naïve 😀 \n\0 \x7f",
    "empty text": "",
    **{f"float {number}": number for number in SPECIAL},
    "complex": complex(-0.0, math.inf),
    "list": [1, [2.0, ["three"]], []],
    "tuple": (1, (2,), ()),
    "dict": {"a": [1], 2: None, (1, "b"): {}, None: 3, 4.5: (), True: -1},
    "size": torch.Size([2, 0, 3]),
    "dtype": torch.bfloat16,
    "device": torch.device("cpu"),
    "slice": slice(None, -1, 2),
    "slices": (slice(3), slice(0, 5, None)),
}
TENSORS = {
    **{f"{name}": torch.tensor([[0, 1], [1, 1]]).to(dtype) for name, dtype in DTYPES.items()},
    "special": floating(*SPECIAL),
    "0-dim": torch.tensor(-0.0),
    "empty": torch.empty(0),
    "empty with axes": torch.empty(3, 0, 2, dtype=torch.int64),
    "strided": torch.arange(24.0).reshape(4, 6)[::2, 1::3],
    "transposed": torch.arange(6.0).reshape(2, 3).T,
    "expanded": torch.arange(3.0).expand(4, 3),
    "a single entry of a row": torch.arange(6.0).reshape(1, 6)[:, 2],
    "a part of a larger one": torch.arange(100.0)[40:42],
    "conjugate": torch.tensor([1 + 2j, 3 - 4j]).conj(),
    "negative view": torch.tensor([1 + 2j]).conj().imag,
}
ARRAYS = {
    "special": np.array(SPECIAL),
    "0-dim": np.array(3, dtype=np.int16),
    "empty": np.empty((0, 4), dtype=np.float16),
    "big-endian": np.array([1.5, -2.5], dtype=">f8"),
    "big-endian integers": np.array([1, 256], dtype=">u2"),
    "negative strides": np.arange(12).reshape(3, 4)[::-1, ::-2],
    "Fortran order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "broadcast": np.broadcast_to(np.arange(3), (2, 3)),
    "bool": np.array([True, False]),
    "complex": np.array([1 + 2j], dtype=np.complex64),
    "large unsigned": np.array([2**64 - 1], dtype=np.uint64),
    "scalar": np.float32(0.1),
    "bool scalar": np.bool_(True),
    "a float of numpy's that is one of Python's": np.float64(0.1),
}


@pytest.mark.parametrize("value", [pytest.param(v, id=k) for k, v in {**PLAIN, **TENSORS, **ARRAYS}.items()])
def test_a_plain_value_comes_over_as_it_is(value):
    assert same(value, over(value))


def test_sparse_tensors_come_over_dense():
    dense = torch.tensor([[0.0, 2.0], [0.0, 0.0]])
    assert same(dense, over(dense.to_sparse()))


def test_a_tensor_that_comes_over_is_a_copy_that_can_be_written_to():
    one = torch.zeros(3)
    two = over(one)
    two += 1
    assert one.tolist() == [0, 0, 0]


def test_a_graph_does_not_come_over():
    assert not over(torch.ones(2, requires_grad=True) * 2).requires_grad


@given(st.integers(0, 2**63), st.integers(0, 700))
def test_a_generator_goes_on_where_it_was(seed, drawn):
    one = torch.Generator().manual_seed(seed)
    torch.randn(drawn, generator=one)
    two = generator_of(generator_bytes(one))
    assert same(torch.randn(9, generator=one), torch.randn(9, generator=two))


keys = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
leaves = keys | st.floats() | st.complex_numbers() | st.sampled_from(list(TENSORS.values()))
leaves |= arrays_of.arrays(
    arrays_of.scalar_dtypes().filter(lambda d: d.str[1:] in "f4 f8 i2 u4 c16 b1"), (2, 3)
)
values = st.recursive(
    leaves,
    lambda part: st.lists(part, max_size=3) | st.tuples(part, part) | st.dictionaries(keys, part, max_size=3),
)


@settings(max_examples=100)
@given(values)
def test_nested_values_come_over_as_they_are(value):
    assert same(value, over(value))


class Pretender(float):
    """A number with opinions of its own."""


def itself() -> list:
    """A list that holds itself."""
    value: list = []
    value.append(value)
    return value


def deep(levels: int) -> list:
    """Lists within lists."""
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


REFUSED = {
    "function": (lambda: None, "a function is not plain data"),
    "module": (math, "a module is not plain data"),
    "subclass of a float": (Pretender(1), "a Pretender is not plain data"),
    "subclass of a list": (type("Items", (list,), {})(), "not plain data"),
    "iterator": (iter([]), "not plain data"),
    "bytes": (b"bytes", "a bytes is not plain data"),
    "expanded tensor": (torch.zeros(1).expand(10**12), "with 4,000,000,000,000 bytes"),
    "sparse tensor": (
        torch.sparse_coo_tensor(size=(10**6, 10**6), check_invariants=True),
        "must have at most .* to cross",
    ),
    "broadcast array": (np.broadcast_to(np.zeros(1), 10**12), "with 8,000,000,000,000 bytes"),
    "tensor without values": (torch.empty(3, device="meta"), "on meta does not contain plain numbers"),
    "objects": (np.array([object()]), "dtype object"),
    "words": (np.array(["word"]), "dtype <U4"),
    "records": (np.zeros(1, dtype=[("a", "f4")]), "does not contain plain numbers"),
    "times": (np.array(["2020-01-01"], dtype="datetime64[D]"), "does not contain plain numbers"),
    "subclass of an array": (np.ma.masked_array([1.0]), "a MaskedArray is not a plain array"),
    "large number": (1 << 1025, "1,024 bits"),
    "long text": ("x" * 5_000_000, "at most 4,000,000 characters to cross, got 5,000,000"),
    "too deep": (deep(DEEPEST + 1), "levels of nesting"),
    "endless": (itself(), "levels of nesting"),
    "too many": ([0] * (MOST_ITEMS + 1), "200,000 parts"),
    "dtype": (torch.float8_e5m2, "does not cross"),
}


@pytest.mark.parametrize(("value", "reason"), [pytest.param(*v, id=k) for k, v in REFUSED.items()])
def test_all_else_is_refused_with_a_reason(value, reason):
    with pytest.raises(NotPlain, match=reason):
        Encoder(MUCH).encode(value)


def test_all_tensors_together_may_take_so_many_bytes():
    writer = Encoder(100)
    writer.encode([torch.zeros(10), torch.zeros(10)])
    with pytest.raises(NotPlain, match="must have at most 20 bytes to cross"):
        writer.encode(torch.zeros(10))


def test_a_tensor_within_a_transform_of_torch_is_refused():
    with pytest.raises(NotPlain, match="memory cannot be read"):
        torch.func.grad(lambda x: Encoder(MUCH).encode(x))(torch.ones(2))


@pytest.mark.parametrize("tag", ["T", "A"])
def test_a_truth_value_is_one_of_two_whatever_its_byte(tag):
    dtype = {"T": "bool", "A": "b1"}[tag]
    read = Decoder(bytearray([0, 1, 2, 255])).decode([tag, dtype, [4]])
    raw = read.numpy() if tag == "T" else read
    assert raw.view(np.uint8).tolist() == [0, 1, 1, 1]


def hostile(data, body: bytes = b""):
    """Read what a submission's process may have written, as the judge does."""
    reader = ResultDecoder(bytearray(body), lambda number, tensor: tensor, lambda number, kind: object())
    return reader.decode(data)


def is_plain(value) -> bool:
    """Whether a value, and all in it, is of exactly the types that may come back."""
    if type(value) in (list, tuple, torch.Size, type(iter([]))):
        return all(map(is_plain, value))
    if type(value) is dict:
        return is_plain([*value, *value.values()])
    simple = (type(None), bool, int, float, complex, str, slice, torch.dtype, torch.device, object)
    arrays = (torch.Tensor, torch.nn.Parameter, np.ndarray)
    return type(value) in (*simple, *arrays) or isinstance(value, np.generic)


MALFORMED = [
    *([], {}, [[]], ["q", 1], ["decode", 1], ["__class__"], [1, 2], ["l", {}], ["t", []]),
    *(["d", 1], ["d", ["a"]], ["d", [["l"], 1]], ["d", [["t", ["l"]], 1]], ["c", 1, 2], ["c", 1.0]),
    *(
        ["z", -1],
        ["z", 1 << 50],
        ["z", *[1] * 65],
        ["z", 1.0],
        ["z", True],
        ["y", "object"],
        ["y", ["float32"]],
    ),
    *(
        ["v", "cuda"],
        ["v"],
        ["s", 1],
        ["s", "a", None, None],
        ["s", True, None, None],
        1 << 1025,
        -(1 << 1025),
    ),
    *(["T", "float32", [3]], ["T", "float32", [1 << 39]], ["T", "float32", [1 << 39, 1 << 39, 0]]),
    *(
        ["T", "float32", [-1]],
        ["T", "float32", [1.0]],
        ["T", "float32", "33"],
        ["T", ["float32"], [0]],
        ["T"],
    ),
    *(["T", "float8_e5m2", [0]], ["T", "float32", [1] * 33], ["T", "float32", [True]], ["T", "f4", [0]]),
    *(["A", "O", [1]], ["A", "f4", [1 << 39, 1 << 39, 0]], ["A", "U4", [0]], ["S", "f4", [0]], ["A", "f4"]),
    *(["R", 0], ["R", -1], ["R"], ["R", "0"], ["R", True], ["h", 1], ["h", "1", "x"], ["h", 1, 2]),
    *(["L", -1, True, "int64", [0]], ["L", 1, True, "float32", [0]], ["L", -1, 1, "float32", [0]], ["L", -1]),
    *(
        ["m", 0],
        ["o", "os", "system", ["d"]],
        ["n", "os", "system"],
        ["g"],
        ["p", None, ["l"], ["d"]],
        ["e", 1],
    ),
    *(["i", ["q"]], ["P", 0, True, False, "float32", [0]], ["b", 1, "x"]),
]


@pytest.mark.parametrize("data", MALFORMED, ids=lambda data: str(data)[:40])
def test_what_is_not_written_as_it_must_be_is_refused(data):
    with pytest.raises(NotPlain):
        hostile(data, b"\0" * 2)


def test_what_is_too_deep_or_too_much_is_refused():
    nested, long = None, ["l", *[0] * MOST_ITEMS]
    for _ in range(DEEPEST + 1):
        nested = ["l", nested]
    for data in (nested, long, ["l", *[["l"]] * MOST_ITEMS], ["d", *[[i, 0] for i in range(MOST_ITEMS)]]):
        with pytest.raises(NotPlain, match="too many parts or is nested too deeply"):
            hostile(data)


@pytest.fixture(scope="module")
def little_memory():
    """Half a gigabyte of memory beyond what is used now, so that a huge allocation fails."""
    resource = pytest.importorskip("resource")
    if not sys.platform.startswith("linux"):
        yield
        return
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (512 << 20), limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, limits)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
scalars |= st.integers(0, 3) | st.sampled_from([1 << 39, 1 << 40, -1, *DTYPES, "f4", "b1", "c16", "cpu"])
tags = st.sampled_from("ltzdcTASyvsRLihmgnbpoeP")
written = st.recursive(
    scalars | st.dictionaries(st.text(max_size=2), scalars, max_size=1),
    lambda part: (
        st.lists(part, max_size=4)
        | st.builds(lambda tag, rest: [tag, *rest], tags, st.lists(part, max_size=4))
    ),
)
VALID = [Encoder(MUCH).encode(value) for value in (*PLAIN.values(), *TENSORS.values(), *ARRAYS.values())]
VALID += [["R", 0], ["L", -1, True, "float32", [2]], ["i", 1, ["l"]], ["h", 3, "Model"]]


@st.composite
def mutated(draw):
    """A valid message with some part of it replaced, left out or doubled."""
    data = json.loads(json.dumps(["l", *draw(st.lists(st.sampled_from(VALID), min_size=1, max_size=3))]))
    for _ in range(draw(st.integers(1, 3))):
        part = data
        while isinstance(part, list) and part:
            place = draw(st.integers(0, len(part) - 1))
            if not isinstance(part[place], list) or draw(st.booleans()):
                part[place : place + 1] = draw(st.lists(written, max_size=2))
                break
            part = part[place]
    return data


@settings(max_examples=400)
@given(st.one_of(written, mutated()), st.binary(max_size=100))
def test_whatever_a_submission_writes_is_read_or_refused_at_once(little_memory, data, body):
    began = time.process_time()
    try:
        value = hostile(data, body)
    except NotPlain:
        value = None
    assert is_plain(value)
    assert time.process_time() - began < 30  # a message that takes seconds to read would stop the class
