"""Each attack of the corpus, through the judge: nothing earned, nothing revealed, nothing harmed, nobody delayed."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

import attack
import lecture
import pytest
from attack import HONEST
from host import Host, Peak, descendants, running_with, watched
from nbformat import NotebookNode
from verdict import check_nothing_revealed, check_points, check_size, earned, hurried, printed
from waiting import HANG_SECONDS, wait_for, with_enough_time

from autograder.judge.executor import ExecutorError, Limits
from autograder.judge.pool import JudgePool
from autograder.reports.feedback import feedback_page
from autograder.reports.marks import marks_of
from autograder.reports.outline import outline_of
from autograder.submission.grading import grade_submission
from autograder.submission.record import Record
from autograder.submission.submission import read_submission

pytestmark = pytest.mark.notebook

MOST_PROCESSES = (
    15  # beyond those that the judge has had before: it may start again, and a submission has one
)
SPARE_BYTES = 1 << 30  # what the judge itself needs, and others on this machine
HEAVY = ("memory_", "disk_", "processes_", "objects_as", "objects_of_enormous", "protocol_largest")


def parameters() -> list:
    """Return every attack as a parameter; the first of each kind, the first word of its name, is marked `security`."""
    kinds: set[str] = set()
    every = []
    for one in attack.corpus():
        kind = one.name.partition("_")[0]
        marks = [] if kind in kinds else [pytest.mark.security]
        kinds.add(kind)
        every.append(pytest.param(one, id=one.name, marks=marks))
    return every


class Grader:
    """The judge that all attacks go through, one after the other, as in a class."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._start()

    def _start(self) -> None:
        self.pool, self.thread = JudgePool(jobs=1), ThreadPoolExecutor(1)

    def grade(self, student: str, source: NotebookNode, seed: int, limits: Limits) -> Record:
        """Grade what lies in a student's folder; a judge that hangs fails this test and not the whole run."""
        graded = self.thread.submit(self._grade, student, source, seed, limits)
        try:
            return graded.result(timeout=limits.notebook_seconds + HANG_SECONDS)
        except TimeoutError:
            self.close()
            self._start()
            pytest.fail("the time limit was not kept: grading hangs")

    def _grade(self, student: str, source: NotebookNode, seed: int, limits: Limits) -> Record:
        folder, toy = self.host.folder_of(student), self.host.lecture
        submission = read_submission(folder, source, toy, student)
        return grade_submission(source, submission, self.pool, lecture=toy.folder, seed=seed, limits=limits)

    def honest(self, marker: str = "nothing") -> Record:
        """Grade right answers, with a look around in one of them for what was marked."""
        answers = {**lecture.SOLUTIONS, "after": attack.filled(lecture.SCOUT, {"marker": marker})}
        notebook = attack.to_bytes(lecture.handed_in(answers, HONEST))
        (self.host.empty_folder_of("ada") / "toy.ipynb").write_bytes(notebook)
        return self.grade("ada", lecture.notebook(HONEST), 1, Limits())

    def close(self) -> None:
        self.pool.close()
        self.thread.shutdown()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A course that must stay as it is."""
    host = Host(tmp_path_factory.mktemp("course"))
    yield host
    host.close()


@pytest.fixture(scope="module")
def grader(host):
    """The judge, which has graded an honest submission; none where no sandbox can be had."""
    try:
        grader = Grader(host)
    except ExecutorError as error:
        pytest.skip(str(error))
    assert earned(grader.honest()) == lecture.points(HONEST)
    yield grader
    grader.close()


@pytest.mark.parametrize("attack", parameters())
def test_an_attack_earns_reveals_and_harms_nothing(attack, grader, host, monkeypatch):
    source, seed = lecture.notebook(attack.exercises), zlib.crc32(attack.name.encode())
    marker, loot = f"left-by-{attack.name}", f"loot-{seed}"
    words = {**host.words, "marker": marker, "loot": loot[::-1]}
    attack.hand_in(host.empty_folder_of("mallory") / "toy.ipynb", words)
    processes = len(descendants())

    def run(factor: float) -> tuple[Record, Peak]:
        with watched() as peak:
            return grader.grade("mallory", source, seed, attack.longer(factor)), peak

    record, peak = with_enough_time(run, lambda outcome: hurried(attack, outcome[0]))
    page = feedback_page(marks_of(record, outline_of(host.lecture.folder, source)))

    check_points(attack, record)
    check_nothing_revealed(record, page, lecture.secrets(seed, monkeypatch), loot)
    check_size(record, page)
    if attack.name.startswith(HEAVY):
        assert peak.bytes < attack.limits.memory_bytes + attack.limits.disk_bytes + SPARE_BYTES
        assert peak.processes < MOST_PROCESSES
    assert host.changed() == []
    assert not host.contacted()
    wait_for(lambda: len(descendants()) <= processes)
    wait_for(lambda: running_with(marker) == [])

    following = grader.honest(marker)
    assert earned(following) == lecture.points(HONEST), [
        str(t.error)[:300] for t in following.tests if t.error
    ]
    assert marker not in printed(following)
