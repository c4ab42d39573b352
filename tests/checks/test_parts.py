"""Answers of several parts."""

import pytest

from dgm_helpers import checks


def test_a_tuple_or_a_list_comes_back_as_a_tuple():
    assert checks.unpack("score", (1, 2), 2) == (1, 2)
    assert checks.unpack("score", [1, 2, 3], 3) == (1, 2, 3)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "score: expected 2 values, got None"),
        (1.0, "score: expected 2 values, got one float"),
        ((1, 2, 3), "score: expected 2 values, got 3"),
        ("ab", "score: expected 2 values, got one str"),
    ],
    ids=str,
)
def test_anything_else_is_told_in_a_sentence(answer, message):
    with pytest.raises(checks.CheckFailed) as failure:
        checks.unpack("score", answer, 2)
    assert str(failure.value).startswith(message)
