"""What counts as a number: each kind that a student may return, and each that only looks like one."""

import re
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from dgm_helpers import checks

REAL = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16]
REAL += [torch.int8, torch.uint8]


@pytest.mark.parametrize("dtype", REAL, ids=str)
def test_every_real_dtype_is_a_number(dtype):
    assert torch.equal(
        checks.as_tensor("x", torch.tensor([1, 2], dtype=dtype)), torch.tensor([1.0, 2.0]).double()
    )


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        (1.0, 2.0),
        np.array([1, 2]),
        np.array([1, 2], dtype=np.float16),
        np.array([2, 1])[::-1],
        [torch.tensor(1.0), torch.tensor(2.0, requires_grad=True)],
        [np.float32(1), 2],
        namedtuple("Pair", "mean scale")(1.0, torch.tensor(2.0)),
        torch.Size([1, 2]),
        [torch.nn.Parameter(torch.tensor(1.0)), np.float64(2)],
        torch.nn.Parameter(torch.tensor([1.0, 2.0])),
        torch.tensor([1 + 1j, 1 + 2j]).imag,
        torch.tensor([1.0, 2.0], requires_grad=True).exp().log(),
    ],
    ids=repr,
)
def test_every_container_of_numbers_becomes_a_plain_tensor(value):
    tensor = checks.as_tensor("x", value)
    torch.testing.assert_close(tensor, torch.tensor([1.0, 2.0]).double())
    assert type(tensor) is torch.Tensor and not tensor.requires_grad


def test_a_list_of_tensors_is_stacked():
    rows = [torch.ones(2, 3, requires_grad=True)] * 4
    assert checks.as_tensor("x", rows).shape == (4, 2, 3)
    assert checks.as_tensor("x", []).shape == (0,)


def test_the_answer_is_copied_not_borrowed():
    array = np.ones(2)
    array.setflags(write=False)
    checks.as_tensor("x", array)[0] = 5
    assert array[0] == 1


class AlwaysEqual:
    """Pretends to be whatever it is compared with."""

    shape, dtype, requires_grad = (2,), torch.float32, False

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return np.array([1.0, 2.0])

    def __float__(self):
        return 1.0


class Forgiving(torch.Tensor):
    """Every comparison with it is False, so that no entry is ever too far off."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(False)


class Float(float):
    """A number whose difference from anything is zero."""

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


class Array(np.ndarray):
    """A subclass of numpy's array."""


class List(list):
    """A subclass of list."""


PRETENDERS = [
    AlwaysEqual(),
    torch.tensor([1.0, 2.0]).as_subclass(Forgiving),
    Float(1.0),
    np.array([1.0, 2.0]).view(Array),
    List([1.0, 2.0]),
    np.ma.masked_array([1.0, 2.0], mask=[True, True]),
    [1.0, Float(2.0)],
    "1.0",
    b"1",
    np.str_("1"),
    np.array(["1", "2"]),
    np.array([1, None]),
    {"a": 1.0},
    {1.0, 2.0},
    range(2),
    Fraction(1, 2),
    Decimal("0.5"),
    lambda: 1.0,
    torch.float32,
    torch.tensor([1.0, 2.0]).to_sparse(),
    torch.empty(2, device="meta"),
]


@pytest.mark.parametrize("value", PRETENDERS, ids=lambda value: type(value).__name__)
def test_what_is_no_plain_number_is_refused(value):
    with pytest.raises(checks.CheckFailed, match=r"score.*expected a (tensor|dense tensor)"):
        checks.equal("score", value, [1.0, 2.0])


def test_a_tensor_that_brings_its_own_methods_is_read_through_the_class():
    liar = torch.tensor([5.0, 5.0])
    for method in ("detach", "to", "abs", "sub", "is_complex"):
        setattr(liar, method, lambda *args, **kwargs: torch.tensor([1.0, 2.0], dtype=torch.float64))
    with pytest.raises(checks.CheckFailed, match="2 of 2 values are wrong"):
        checks.equal("score", liar, [1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, r"score: expected a tensor, got None\n  Hint: .*`return`"),
        ([1.0, None], r"score, entry 1: expected a tensor, got None"),
        (True, r"score: expected real numbers, got bool\n  Hint: a comparison"),
        (np.True_, r"score: expected real numbers, got bool"),
        ([1.0, True], r"score, entry 1: expected real numbers, got bool"),
        (torch.tensor([True, False]), r"score: expected real numbers, got bool"),
        (1j, r"score: expected real numbers, got complex128$"),
        (torch.tensor([1j, 2]), r"score: expected real numbers, got complex64$"),
        ("nan", r"score: expected a tensor of numbers, got str\n  value 'nan'"),
        (object, r"score: expected a tensor of numbers, got type"),
        ("x" * 100, r"value 'x{57}'\.\.\.$"),
        (10**400, r"score: expected a tensor of numbers, got int"),
        (float("nan"), r"score: expected a finite number, got NaN\n  Hint: NaN comes from"),
        (float("-inf"), r"score: expected a finite number, got -inf$"),
        (
            torch.tensor([[1.0, 2.0], [3.0, float("inf")]]),
            r"score: 1 of 4 values are not finite\n  first at index \[1, 1\] of shape \(2, 2\): \+inf$",
        ),
        (
            [torch.zeros(2), torch.zeros(3)],
            r"got a list of 2 with different shapes\n  entry 0 has shape \(2,\)\n  entry 1 has shape \(3,\)",
        ),
    ],
    ids=str,
)
def test_the_message_says_what_it_got_and_what_that_comes_from(value, message):
    with pytest.raises(checks.CheckFailed) as failure:
        checks.as_tensor("score", value)
    assert re.search(message, str(failure.value)), failure.value


@pytest.mark.parametrize(
    ("shape", "expected", "hint"),
    [
        ((1,), (), "an axis is missing, added or moved"),
        ((3, 2), (2, 3), "an axis is missing, added or moved"),
        ((4, 1), (4,), "an axis is missing, added or moved"),
        ((), (4,), "summed or averaged away that should stay"),
        ((1,), (4,), "was the wrong axis summed"),
        ((3,), (4,), "was the wrong axis summed"),
        ((5, 4), (4,), "an axis is left that should be summed"),
    ],
    ids=str,
)
def test_a_wrong_shape_is_refused_also_if_it_broadcasts(shape, expected, hint):
    with pytest.raises(checks.CheckFailed) as failure:
        checks.as_tensor("score", torch.zeros(shape), expected)
    message = str(failure.value)
    assert message.startswith("score: wrong shape\n")
    assert f"expected {expected}\n" in message and f"actual   {shape}\n" in message and hint in message


def test_a_tuple_of_answers_where_one_is_expected_is_told_so():
    with pytest.raises(checks.CheckFailed, match="returned a tuple of 2; one tensor is expected"):
        checks.equal("score", (torch.zeros(3), torch.zeros(3)), torch.zeros(3))


def test_a_wrong_shape_is_told_before_what_is_not_finite():
    with pytest.raises(checks.CheckFailed, match="wrong shape"):
        checks.as_tensor("score", torch.full((2,), float("nan")), (3,))


def test_a_list_where_a_tensor_is_expected_is_called_a_list():
    with pytest.raises(checks.CheckFailed, match="returned a list of 1; one tensor is expected"):
        checks.equal("score", [torch.zeros(3)], torch.zeros(3))
    with pytest.raises(checks.CheckFailed) as failure:
        checks.equal("score", [1.0, 2.0, 3.0], torch.zeros(4))
    assert "one tensor is expected" not in str(failure.value)


class Shuffled(tuple):
    """Pretends to contain other numbers when it is read."""

    def __iter__(self):
        return iter((1.0, 2.0))


def test_a_tuple_that_brings_its_own_iterator_is_read_through_the_class():
    with pytest.raises(checks.CheckFailed, match="2 of 2 values are wrong"):
        checks.equal("score", Shuffled((5.0, 5.0)), [1.0, 2.0])
