"""What the welcome notebook says about an installation."""

from importlib import metadata

import pytest
from packaging.requirements import Requirement

from dgm_helpers import installation


def test_a_complete_installation_is_found_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert installation.check()
    output = capsys.readouterr().out
    assert f"✓ torch {metadata.version('torch')}" in output
    assert "✓ data mnist_10k" in output
    assert "✗" not in output


def test_a_missing_package_is_named_with_the_command_that_mends_it() -> None:
    problem = installation.package_problem(Requirement("no-such-package>=2"))
    assert problem == 'no-such-package is missing: `pip install "no-such-package>=2"` fixes that'


def test_an_old_package_is_named_with_both_versions() -> None:
    problem = installation.package_problem(Requirement("numpy>=99"))
    assert problem.startswith(f"numpy {metadata.version('numpy')} does not satisfy >=99")


def test_problems_are_counted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        metadata, "requires", lambda _: ["no-such-package", "numpy>=99", "unused; extra == 'dev'"]
    )
    assert not installation.check()
    assert "2 to fix" in capsys.readouterr().out
