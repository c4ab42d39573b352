"""Structural checks: gradients, in-place changes, repeatability."""

import numpy as np
import pytest
import torch

from dgm_helpers import checks

PARAMETER = torch.nn.Parameter(torch.ones(2))
PLAIN = torch.ones(2)


@pytest.mark.parametrize(
    "value", [PLAIN, 1.0, np.ones(2), [PLAIN, PLAIN], (PLAIN, torch.ones(3)), PARAMETER.detach()], ids=type
)
def test_plain_numbers_carry_no_gradient(value, capsys):
    checks.has_no_gradient("estimate", value)
    assert capsys.readouterr().out == "✓ estimate: carries no gradient\n"


@pytest.mark.parametrize(
    "value", [PARAMETER, 2 * PARAMETER, PARAMETER.clone()], ids=["leaf", "node", "clone"]
)
def test_a_gradient_is_found_also_in_a_parameter(value):
    with pytest.raises(checks.CheckFailed, match=r"estimate: carries a gradient\n  Hint: .*detach"):
        checks.has_no_gradient("estimate", value)


def test_a_gradient_is_found_in_one_of_several_results():
    with pytest.raises(checks.CheckFailed, match="estimate, entry 1: carries a gradient"):
        checks.has_no_gradient("estimate", (PLAIN, 2 * PARAMETER))


@pytest.mark.parametrize("value", [None, "x", [PLAIN, None]], ids=str)
def test_what_is_no_number_does_not_pass_for_want_of_a_gradient(value):
    with pytest.raises(checks.CheckFailed, match="expected a tensor"):
        checks.has_no_gradient("estimate", value)


@pytest.mark.parametrize("value", [PLAIN, 0.1, [PLAIN, torch.ones(3)]], ids=type)
def test_the_same_twice_is_repeatable(value):
    checks.repeatable("samples", value, value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (PLAIN, PLAIN * (1 + 1e-7)),
        (PLAIN, torch.ones(3)),
        (PLAIN, torch.ones(1, 2)),
        ((PLAIN, PLAIN), (PLAIN, 2 * PLAIN)),
        ((PLAIN,), (PLAIN, PLAIN)),
    ],
    ids=str,
)
def test_anything_else_is_not(first, second):
    with pytest.raises(checks.CheckFailed, match="two calls with the same seed differ\n  Hint: draw every"):
        checks.repeatable("samples", first, second)


@pytest.mark.parametrize("value", [None, float("nan")], ids=str)
def test_no_number_is_not_repeatable(value):
    with pytest.raises(checks.CheckFailed):
        checks.repeatable("samples", value, value)
