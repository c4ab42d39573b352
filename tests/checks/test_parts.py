"""Answers of several parts, unpacked with a message of their own."""

import pytest
import torch

from dgm_helpers import checks


@pytest.mark.parametrize("value", [(1, 2), [1, 2], (torch.ones(2), None)], ids=str)
def test_the_parts_are_returned_as_they_are(value):
    parts = checks.unpack("elbo_gradient", value, 2)
    assert type(parts) is tuple and all(part is given for part, given in zip(parts, value, strict=True))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "expected 2 values, got None"),
        (torch.ones(2), "expected 2 values, got one Tensor"),
        ((1, 2, 3), "expected 2 values, got 3"),
        ((), "expected 2 values, got 0"),
        ("ab", "expected 2 values, got one str"),
        ({"a": 1, "b": 2}, "expected 2 values, got one dict"),
    ],
    ids=str,
)
def test_anything_else_is_told_by_name(value, message):
    with pytest.raises(checks.CheckFailed, match=f"^elbo_gradient: {message}"):
        checks.unpack("elbo_gradient", value, 2)
