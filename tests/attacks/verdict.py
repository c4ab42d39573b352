"""What must hold of the record and the page of an attack, whatever it was."""

from __future__ import annotations

import lecture
from attack import Attack
from waiting import TIMEOUTS

from autograder.submission.record import Record

MOST_CHARACTERS = 5_000_000  # of a record and of a page: a bound for each cell
SCRIPTS = ("<script>alert(", "<img src=x", "<svg onload", "<iframe")


def earned(record: Record) -> dict[str, float]:
    """Return the points by exercise."""
    return {name: sum(test.earned for test in record.tests_of(name)) for name in record.exercises}


def printed(record: Record) -> str:
    """Return all output of a submission's cells and tests."""
    outputs = [repr(solution.outputs) for solution in record.solutions]
    return "\n".join([*outputs, *(test.output for test in record.tests)])


def hurried(attack: Attack, record: Record) -> bool:
    """Return whether an exercise that must earn all its points was not given the time for it."""
    honest = {name for name, (low, _) in attack.allowed().items() if low > 0}
    errors = [str(test.error) for test in record.tests if test.exercise in honest and test.error]
    return any(name in error for error in errors for name in TIMEOUTS)


def check_points(attack: Attack, record: Record) -> None:
    """Assert that each exercise earned what the attack's file allows, of the points that the lecture gives."""
    allowed, got = attack.allowed(), earned(record)
    assert bool(record.failure) == ("failure" in attack.told), record.failure
    assert list(got) == list(allowed)
    wrong = {name: got[name] for name, (low, high) in allowed.items() if not low <= got[name] <= high}
    assert wrong == {}, [(t.grade_id, str(t.error)[:200]) for t in record.tests if t.exercise in wrong]
    assert all(test.points == lecture.TESTS[test.grade_id][0] for test in record.tests)
    assert attack.told.get("remark", "note") in [*(remark.kind for remark in record.remarks), "note"]


def check_nothing_revealed(record: Record, page: str, secrets: list[float], loot: str) -> None:
    """Assert that a student reads nothing of a hidden test, and that nothing was stolen."""
    text = "\n".join([page, *_told(record)])
    assert [word for word in lecture.HIDDEN_WORDS if word in text] == []
    assert [digits for number in secrets for digits in lecture.spellings(number) if digits in text] == []
    assert loot not in record.to_json()


def check_size(record: Record, page: str) -> None:
    """Assert that a record can be stored and a page written, and that neither is enormous or runs a script."""
    stored = record.to_json()
    assert Record.from_json(stored).to_json() == stored
    assert len(stored) < MOST_CHARACTERS
    assert len(page.encode()) < MOST_CHARACTERS
    assert not any(script in page for script in SCRIPTS)


def _told(record: Record) -> list[str]:
    """All of a record that may be shown to a student."""
    told = [printed(record), record.failure_for_student]
    told += [remark.for_student for remark in record.remarks]
    for test in record.tests:
        told += [test.title, test.output, test.error.hint if test.error else ""]
    errors = [test.error for test in record.tests if not test.hidden]
    errors += [solution.error for solution in record.solutions]
    for error in filter(None, errors):
        told += [str(error), error.hint, *error.traceback]
    return told
