"""How a failed check looks in a notebook."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dgm_helpers import checks


@pytest.fixture
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_notebook_shows_the_message_without_a_traceback(shell, capsys):
    shell.run_cell("from dgm_helpers import checks\nchecks.equal('log p(x)', 1.0, 2.0, unit='nats')")
    shown = capsys.readouterr().out
    assert shown.startswith("✗ log p(x): wrong value\n  expected 2")
    assert "Traceback" not in shown and ".py" not in shown


def test_an_error_in_the_answer_keeps_its_traceback(shell, capsys):
    shell.run_cell("from dgm_helpers import checks\nchecks.equal('log p(x)', 1 / 0, 2.0)")
    shown = capsys.readouterr().out
    assert "Traceback" in shown and "ZeroDivisionError" in shown


def test_the_message_stands_on_its_own_elsewhere():
    with pytest.raises(checks.CheckFailed, match=r"\Alog p\(x\): wrong value\n  expected 2 nats"):
        checks.equal("log p(x)", 1.0, 2.0, unit="nats")
