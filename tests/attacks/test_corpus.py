"""The corpus itself, and that what is asserted of every attack would notice: a check that cannot fail shows nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import replace

import attack
import lecture
import pytest
from host import Host, Peak, descendants, running_with, watched
from verdict import check_nothing_revealed, check_points, check_size
from waiting import wait_for

from autograder.judge.executor import CellError
from autograder.submission.record import Record, SolutionRecord, TestRecord

pytestmark = pytest.mark.security

ATTACKS = attack.corpus()
WORDS = {"earns", "wrong", "limits", "remark", "failure"}
SECRET = 123.456789


@pytest.fixture
def host(tmp_path):
    """A course of its own, to be harmed."""
    host = Host(tmp_path / "course")
    yield host
    host.close()


def record(**changes) -> Record:
    """A submission that earned all, with one test or solution that differs."""
    tests = [
        TestRecord(
            name, name.split("_visible")[0].split("_hidden")[0], "hidden" in name, "", "", points, points
        )
        for name, (points, _) in lecture.TESTS.items()
    ]
    solution = SolutionRecord("double", "double", "code")
    if "test" in changes:
        tests[-1] = replace(tests[-1], **changes["test"])
    return Record(
        "mallory", "01_toy", solutions=(replace(solution, **changes.get("solution", {})),), tests=tuple(tests)
    )


def test_there_are_enough_attacks_and_each_says_what_it_tries():
    assert len(ATTACKS) >= 50
    assert len({one.name for one in ATTACKS}) == len(ATTACKS)
    for one in ATTACKS:
        assert one.text.startswith("# ") and one.tries.endswith("."), one.name
        assert one.told.keys() <= WORDS, one.name
        assert {*one.answers, *one.wrong} <= lecture.SOLUTIONS.keys(), one.name


def test_no_attack_names_what_it_looks_for_so_that_finding_the_word_means_a_leak():
    assert [one.name for one in ATTACKS if any(word in one.text for word in lecture.HIDDEN_WORDS)] == []


def test_what_hidden_tests_draw_depends_on_the_seed_and_is_found_in_any_spelling(monkeypatch):
    first, second = (lecture.secrets(seed, monkeypatch) for seed in (1, 2))
    assert len(first) == 28 and not set(first) & set(second)
    assert {"123.457", "246.914", "123.4567"} <= lecture.spellings(SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"test": {"title": "the wombat"}},
        {"test": {"output": f"given {SECRET}"}},
        {"test": {"error": CellError("CheckFailed", "", hint=f"given {2 * SECRET}")}},
        {"solution": {"outputs": ({"output_type": "stream", "text": f"[{SECRET:.6g}]"},)}},
        {"solution": {"error": CellError("Quokka", "quokka")}},
        {"solution": {"error": CellError("E", "", ("loot-1",))}},
    ],
)
def test_a_record_that_tells_something_is_noticed(changes):
    check_nothing_revealed(record(), "a page", [SECRET], "loot-1")
    with pytest.raises(AssertionError):
        check_nothing_revealed(record(**changes), "a page", [SECRET], "loot-1")


def test_of_a_hidden_test_the_message_is_nobodys_but_the_instructors():
    failed = record(test={"error": CellError("CheckFailed", f"wombat: expected {SECRET}")})
    check_nothing_revealed(failed, "a page", [SECRET], "loot-1")


def test_points_that_were_not_earned_are_noticed():
    tampering = next(one for one in ATTACKS if one.name == "tests_that_pass")
    with pytest.raises(AssertionError):
        check_points(tampering, record())


def test_an_enormous_record_is_noticed():
    with pytest.raises(AssertionError):
        check_size(record(test={"output": "x" * 6_000_000}), "a page")


@pytest.mark.parametrize("page", ["x" * 6_000_000, "<p><script>alert('x')</script>"])
def test_an_enormous_page_and_one_with_a_script_are_noticed(page):
    check_size(record(), "a page")
    with pytest.raises(AssertionError):
        check_size(record(), page)


def test_a_changed_a_new_and_a_removed_file_are_noticed(host):
    assert host.changed() == []
    (host.folder / "gradebook.db").write_bytes(b"")
    (host.folder / "new").symlink_to("/")
    (host.folder / ".ssh/id_rsa").unlink()
    assert host.changed() == [".ssh/id_rsa", "gradebook.db", "new"]


def test_a_process_that_stays_is_noticed_and_so_is_what_it_takes(host):
    count = len(descendants())
    # Some kernels keep pages that are alike only once.
    code = "import os, sys; held = os.urandom(200 << 20); sys.stdin.read()"
    command = [sys.executable, "-c", code, "left-by-this-test"]
    with watched(0.02) as peak, subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        wait_for(lambda: peak.processes > 0 and peak.bytes > 100 << 20)
        assert len(descendants()) > count
        assert running_with("left-by-this-test") == [str(process.pid)]
        process.kill()
    wait_for(lambda: len(descendants()) <= count)


def test_what_other_programs_take_is_not_counted(monkeypatch):
    taken = [0]
    monkeypatch.setattr("host._available", lambda: (8 << 30) - taken[0])
    monkeypatch.setattr("host._memory_of_others", lambda ours: taken[0])
    peak = Peak()
    taken[0] = 3 << 30
    peak.look()
    assert peak.bytes == 0


def test_whoever_knocks_at_the_host_is_noticed(host):
    assert not host.contacted()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.sendto(b"x", ("127.0.0.1", int(host.words["port"])))
    assert host.contacted()
