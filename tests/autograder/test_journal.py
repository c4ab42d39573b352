"""The journal: nothing that was written is lost, nothing half-written is believed, and one writes at a time."""

import errno
import subprocess
import sys
import threading
from dataclasses import replace
from time import process_time

import pytest

from autograder.judge.executor import CellError
from autograder.notebooks.course import CourseError, Lecture
from autograder.runs.journal import Journal
from autograder.submission.record import Record, Remark, RemarkKind, SolutionRecord, TestRecord


def record(student: str, **changes) -> Record:
    """Return a record with something in each of its parts."""
    error = CellError("AssertionError", "not equal ≠ \u2028 \ud800", ("line 1", "line 2\n"), "a hint")
    whole = Record(
        student,
        "03_toy",
        key="key of " + student,
        seed=7,
        solutions=(SolutionRecord("double", "double", "x = 1\n", ({"output_type": "stream", "text": "a"},)),),
        tests=(TestRecord("double_visible", "double", False, "", "check", 1.0, 0.0, "said\n", error),),
        remarks=(Remark(RemarkKind.TAMPERING, "points changed", "leave them"),),
    )
    return replace(whole, **changes)


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / ".grading" / "03_toy.jsonl")


def test_what_was_written_is_read_again(journal):
    with journal:
        journal.append(record("ann"))
        journal.append(record("bob"))
    assert Journal(journal.path).latest() == {"ann": record("ann"), "bob": record("bob")}


def test_a_students_last_record_counts(journal):
    with journal:
        for seed in (1, 2, 3):
            journal.append(record("ann", seed=seed))
            journal.append(record("bob", seed=10 * seed))
    assert {name: r.seed for name, r in journal.latest().items()} == {"ann": 3, "bob": 30}


def test_a_place_leads_to_the_students_last_record(journal):
    with journal:
        for student in ("ann", "bob", "ann"):
            journal.append(record(student, key=f"{student} {len(journal.latest())}"))
        places = journal.places()
        assert {name: journal.read(place) for name, place in places.items()} == journal.latest()
    assert places["ann"].key == "ann 2"


def test_a_lecture_without_a_journal_has_no_records(journal):
    assert journal.latest() == journal.places() == {}
    assert not journal.path.parent.exists()


def test_the_journal_of_a_lecture_lies_in_its_course(tmp_path):
    assert Journal.of(Lecture(tmp_path, "03_toy")).path == tmp_path / ".grading" / "03_toy.jsonl"


@pytest.mark.parametrize(
    "garbage", [b"\n", b"{}\n", b"[1, 2]\n", b'"text"\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"null\n"]
)
def test_a_line_that_is_no_record_is_passed_over_and_told_once(journal, caplog, garbage):
    journal.append(record("ann"))
    with journal.path.open("ab") as file:
        file.write(garbage)
    journal.append(record("bob"))
    for _ in range(3):
        assert list(journal.latest()) == ["ann", "bob"]
    assert [message.getMessage() for message in caplog.records] == [
        f"{journal.path}: line 2 skipped: not a record of a graded submission"
    ]


def test_wherever_a_killed_run_broke_off_the_records_before_stay_and_the_next_one_is_readable(journal):
    journal.append(record("ann"))
    begun = record("bob").to_json().encode()
    whole = journal.path.read_bytes()
    for length in [1, 2, len(begun) // 2, len(begun) - 1, len(begun)]:
        journal.path.write_bytes(whole + begun[:length])
        assert "ann" in journal.latest()
        journal.append(record("carl"))
        assert list(Journal(journal.path).latest()) == ["ann", "carl"]


def test_a_journal_of_one_long_unfinished_line_begins_anew(journal):
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"x" * 300_000)
    journal.append(record("ann"))
    assert journal.path.read_bytes() == record("ann").to_json().encode() + b"\n"


def test_a_second_grader_is_told_in_one_sentence_and_reading_goes_on(journal):
    with journal:
        journal.append(record("ann"))
        with pytest.raises(CourseError, match=r"^another run is grading 03_toy .* wait until it has ended"):
            Journal(journal.path).append(record("bob"))
        with pytest.raises(CourseError, match="another run"), Journal(journal.path):
            pass
        assert list(Journal(journal.path).latest()) == ["ann"]
    Journal(journal.path).append(record("bob"))
    assert list(journal.latest()) == ["ann", "bob"]


@pytest.mark.notebook  # it starts a process
def test_the_lock_of_a_grader_that_was_killed_does_not_stay(journal):
    code = (
        "import sys, pathlib\nfrom autograder.runs.journal import Journal\n"
        "with Journal(pathlib.Path(sys.argv[1])):\n    print('locked', flush=True)\n    sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(journal.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(CourseError, match="another run"):
            journal.append(record("ann"))
        other.kill()
    journal.append(record("ann"))
    assert list(journal.latest()) == ["ann"]


def test_a_record_is_on_the_disk_when_append_returns(journal, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(journal.path.stat().st_size))
    with journal:
        journal.append(record("ann"))
        assert synced == [len(record("ann").to_json()) + 1]


def test_a_full_disk_is_one_sentence_and_what_was_written_stays(journal):
    journal.append(record("ann"))

    class FullDisk:
        def write(self, data):
            if len(data) > 10:
                return real.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            real.close()

    with journal:
        real, journal._file = journal._file, FullDisk()
        with pytest.raises(CourseError, match=r"the journal .*03_toy.jsonl cannot be used: No space left"):
            journal.append(replace(record("bob"), remarks=()))
    assert list(journal.latest()) == ["ann"]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / ".grading").write_text("a file in the way")
    with pytest.raises(CourseError, match=r"^the journal .* cannot be used: "):
        Journal(tmp_path / ".grading" / "03_toy.jsonl").append(record("ann"))


def test_a_report_that_reads_during_a_run_sees_whole_records_only(journal):
    seen, ended = [], threading.Event()

    def read():
        while not ended.is_set():
            seen.append(len(Journal(journal.path).latest()))

    reader = threading.Thread(target=read)
    reader.start()
    with journal:
        for index in range(200):
            journal.append(record(f"student{index}"))
    ended.set()
    reader.join()
    assert seen == sorted(seen)
    assert len(journal.latest()) == 200


def test_a_thousand_records_are_read_in_seconds_of_processor_time(journal):
    long = SolutionRecord("double", "double", "x = 1  # and so on\n" * 80)
    with journal:
        for index in range(1000):
            journal.append(record(f"student{index}", solutions=(long,) * 20))
    assert journal.path.stat().st_size > 30_000 * 1000
    began = process_time()
    assert len(journal.latest()) == 1000
    assert process_time() - began < 10.0  # 0.5 s, and much more if it took each line for a new file
