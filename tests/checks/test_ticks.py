"""The lines with a tick: one per quantity and way of judging, with the number of cases."""

import pytest

from dgm_helpers import checks
from dgm_helpers.checks.ticks import one_line_per_quantity, passed


def test_outside_of_a_check_each_line_is_printed_at_once(capsys):
    passed("KL (one row)", "holds")
    passed("KL (two rows)", "holds")
    assert capsys.readouterr().out == "✓ KL (one row): holds\n✓ KL (two rows): holds\n"


def test_cases_of_a_quantity_are_counted_in_the_order_of_their_first(capsys):
    with one_line_per_quantity():
        passed("KL (shape (2, 3))", "equal")
        passed("bound", "holds")
        passed("KL (shape (1,), float32)", "equal")
        passed("KL (one row)", "at least 0 nats")
    assert capsys.readouterr().out == (
        "✓ KL, in 2 cases: equal\n✓ bound: holds\n✓ KL (one row): at least 0 nats\n"
    )


def test_a_name_that_stays_the_same_keeps_its_parentheses(capsys):
    with one_line_per_quantity():
        passed("gradient (mu, log_sigma)", "equal")
        passed("gradient (mu, log_sigma)", "equal")
    assert capsys.readouterr().out == "✓ gradient (mu, log_sigma), in 2 cases: equal\n"


@pytest.mark.parametrize("names", [("f(x)", "f(y)"), ("(x)", "(y)"), ("x)", "y)"), ("log p(x)", "log p(z)")])
def test_parentheses_of_a_formula_are_no_case(names, capsys):
    with one_line_per_quantity():
        for name in names:
            passed(name, "equal")
    assert capsys.readouterr().out == "".join(f"✓ {name}: equal\n" for name in names)


def test_an_exercise_prints_what_passed_before_it_fails(capsys):
    @checks.exercise(reference=None)
    def check(answer):
        checks.equal("double (of 1)", answer(1.0), 2.0)
        checks.equal("double (of 2)", answer(2.0), 4.0)
        checks.equal("double (of 3)", answer(3.0), 6.0)

    with pytest.raises(checks.CheckFailed, match="of 3"):
        check(lambda x: 2 * x if x < 3 else 0.0)
    assert (
        capsys.readouterr().out == "✓ double, in 2 cases: equals the exact value (rtol 1e-05, atol 1e-06)\n"
    )
