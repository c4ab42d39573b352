"""Exact checks: what passes, what does not, and what the student reads then."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgm_helpers import checks


def message_of(check, *args, **kwargs) -> str:
    with pytest.raises(checks.CheckFailed) as failure:
        check(*args, **kwargs)
    return str(failure.value)


finite = st.floats(-1e12, 1e12)


@given(st.lists(finite, min_size=1, max_size=5), st.floats(0, 1e-2), st.floats(0, 1e-2))
def test_equal_to_the_last_bit_always_passes(values, rtol, atol):
    checks.equal("x", values, values, rtol=rtol, atol=atol)


@given(finite, st.floats(1e-12, 1e-1), st.floats(1e-12, 1e-1), st.sampled_from([-1, 1]))
def test_the_tolerance_is_the_stated_one(value, rtol, atol, sign):
    tolerance = atol + rtol * abs(value)
    spacing = 4 * np.spacing(max(abs(value), tolerance))
    if tolerance > 10 * spacing:
        checks.equal("x", value + sign * (tolerance - spacing), value, rtol=rtol, atol=atol)
        with pytest.raises(checks.CheckFailed):
            checks.equal("x", value + sign * (tolerance + spacing), value, rtol=rtol, atol=atol)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_never_passes(value):
    message = message_of(checks.equal, "x", [1.0, value], [1.0, 2.0], atol=1e300, rtol=float("inf"))
    assert message.startswith("x: 1 of 2 values are not finite")


def test_default_tolerance_lets_float32_pass_and_half_precision_not():
    exact = torch.linspace(0.1, 3, 50, dtype=torch.float64).log()
    checks.equal("x", exact.exp().float().log(), exact)
    assert "values are wrong" in message_of(checks.equal, "x", exact.half(), exact)


def test_success_is_one_line_with_a_tick(capsys):
    checks.equal("score", [1.0], [1.0], case="one sample")
    checks.at_most("gap", 1.0, 2, unit="nats")
    checks.at_least("KL", 1.0, 0.0, unit="nats")
    checks.true("sorted", True, "is not")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "✓ score (one sample): equals the exact value (rtol 1e-05, atol 1e-06)",
        "✓ gap: at most 2 nats",
        "✓ KL: at least 0 nats",
        "✓ sorted: holds",
    ]


def test_the_message_shows_the_worst_entry_with_index_shape_unit_and_case():
    answer = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.5, 6.25]])
    expected = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    message = message_of(checks.equal, "log_prob", answer, expected, unit="nats", case="two points")
    assert message.splitlines() == [
        "log_prob (two points): 2 of 6 values are wrong",
        "  expected 5 nats at index [1, 1] of shape (2, 3)",
        "  actual   5.5 nats",
        "  difference 0.5",
    ]


def test_a_single_number_has_no_index():
    message = message_of(checks.equal, "KL", 2.0, 1.0)
    assert message.splitlines() == ["KL: wrong value", "  expected 1", "  actual   2", "  difference 1"]


def test_numbers_are_shown_to_the_digits_in_which_they_differ():
    message = message_of(checks.equal, "KL", 1.000000001, 1.0, rtol=1e-12, atol=0)
    expected, actual = (line.split()[-1] for line in message.splitlines()[1:3])
    assert (float(expected), float(actual)) == (1.0, 1.000000001)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ([3.0, 5.0], "looks like the mean of the logs; the log belongs outside"),
        (torch.tensor([3.0, 5.0]) * (1 + 1e-7), "looks like the mean of the logs"),
        (4.0, "looks like the sum over the batch"),
        (torch.tensor([[3.0, 5.0]]), "the number of entries is right"),
        ([[3.0, 5.0]], "returned a list of 1; one tensor is expected"),
        ([7.0, 5.0], None),
    ],
    ids=str,
)
def test_a_typical_mistake_is_recognized_whatever_its_shape(answer, hint):
    mistakes = {
        "an overflow": [float("inf"), 5.0],
        "the mean of the logs; the log belongs outside": [3.0, 5.0],
        "the sum over the batch": 4.0,
    }
    message = message_of(checks.equal, "bound", answer, [1.0, 3.5], mistakes=mistakes)
    assert (hint in message) if hint else ("Hint" not in message)


ORACLE = torch.tensor([[1.0, -2.0], [4.0, 3.0]])


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (-ORACLE, "the right answer with the sign flipped"),
        (ORACLE.T, "the transpose of the right answer"),
        (ORACLE / 2, "every value is 0.5 times the right one"),
        (ORACLE * -3, "every value is -3 times the right one"),
        (ORACLE + 0.9189, "every value is off by +0.9189"),
        (ORACLE * 0, "every value is zero"),
        (ORACLE + torch.tensor([[0.0, 0.0], [0.0, 1.0]]), None),
    ],
    ids=str,
)
def test_a_simple_relation_to_the_right_answer_is_named(answer, hint):
    message = message_of(checks.equal, "gradient", answer, ORACLE)
    assert (hint in message) if hint else ("Hint" not in message)


@pytest.mark.parametrize(
    ("answer", "oracle"), [(2.0, 1.0), ([2.0, 2.0], [1.0, 1.0]), ([3.0, 3.0], [0.0, 0.0])]
)
def test_no_factor_is_named_where_any_wrong_answer_would_show_one(answer, oracle):
    assert "Hint" not in message_of(checks.equal, "gradient", answer, oracle)


def test_a_named_mistake_comes_before_a_general_relation():
    mistakes = {"KL(p || q); the arguments are swapped": -ORACLE}
    message = message_of(checks.equal, "KL", -ORACLE, ORACLE, mistakes=mistakes)
    assert "arguments are swapped" in message and "sign flipped" not in message


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), [1.0, float("inf")]], ids=str)
@pytest.mark.parametrize("check", [checks.at_most, checks.at_least])
def test_bounds_first_ask_for_finite_numbers(check, value):
    with pytest.raises(checks.CheckFailed):
        check("I", value, 1.0 if check is checks.at_least else 2.0)


def test_bounds_include_their_end_and_show_the_worst_entry():
    checks.at_most("I", [1.0, 2.0], 2.0)
    checks.at_least("I", [1.0, 2.0], 1.0)
    too_large = message_of(checks.at_most, "I", [1.0, 4.0, 3.0], 2.0, unit="nats", hint="n, not 1.")
    assert too_large.splitlines() == [
        "I: too large",
        "  expected at most 2 nats",
        "  actual   4 nats at index [1] of shape (3,)",
        "  Hint: n, not 1.",
    ]
    too_small = message_of(checks.at_least, "I", -1e-9, 0.0)
    assert too_small.splitlines() == ["I: too small", "  expected at least 0", "  actual   -1e-09"]


def test_a_bound_that_is_no_number_lets_nothing_pass():
    for check in (checks.at_most, checks.at_least):
        with pytest.raises(checks.CheckFailed):
            check("I", 1.0, float("nan"))


@pytest.mark.parametrize("condition", [True, torch.tensor(True), torch.tensor([[True]])], ids=str)
def test_true_is_true(condition):
    checks.true("order", condition, "is not sorted")


class Truthy:
    """Equal to everything, and true."""

    def __eq__(self, other):
        return True

    def __bool__(self):
        return True

    def item(self):
        return True


@pytest.mark.parametrize(
    "condition",
    [False, 1, 1.0, None, "yes", [True], torch.tensor(1), Truthy()],
    ids=lambda condition: type(condition).__name__,
)
def test_nothing_else_is_true(condition):
    message = message_of(checks.true, "order", condition, "is not sorted", "sort it.")
    assert message == "order: is not sorted\n  Hint: sort it."


def test_a_tensor_with_an_item_of_its_own_is_not_true():
    liar = torch.tensor(False)
    liar.item = lambda: True
    assert "is not sorted" in message_of(checks.true, "order", liar, "is not sorted")


def test_a_failure_is_an_assertion_error():
    assert issubclass(checks.CheckFailed, AssertionError)


def test_a_factor_that_prints_as_one_is_not_named():
    exact = torch.tensor([1.0, 2.0, 3.0])
    assert "Hint" not in message_of(checks.equal, "x", exact * 1.00003, exact)


def test_an_infinite_answer_is_not_a_typical_mistake():
    answer, mistakes = [[float("inf"), float("nan")]], {"a mean over the batch": [[1.0, 2.0]]}
    assert "Hint: looks like" not in message_of(checks.equal, "x", answer, [1.0, 2.0], mistakes=mistakes)


def test_a_test_can_list_the_mistakes_that_never_match():
    mistakes = {"the mean": 3.0, "the right one": 2.0, "an overflow": float("inf")}
    with checks.unmatchable_mistakes() as found:
        checks.equal("x", 2.0, 2.0, mistakes=mistakes)
        checks.mean_equals("y", torch.full((50,), 2.0), 2.0, mistakes=mistakes)
        checks.variance_equals("z", torch.linspace(-1, 1, 51), 0.35, mistakes={"the same": 0.35})
    assert found == [
        "x: equals the right answer: the right one",
        "x: not finite: an overflow",
        "y: equals the right answer: the right one",
        "y: not finite: an overflow",
        "z: equals the right answer: the same",
    ]
    checks.equal("x", 2.0, 2.0, mistakes=mistakes)  # outside of the block nothing is collected
    assert len(found) == 5
