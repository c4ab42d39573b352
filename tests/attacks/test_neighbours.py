"""Two submissions at a time: they cannot meet, and one that takes all the processors costs the other nothing."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.judge.executor import Cell, CellResult, ExecutorError, Limits
from autograder.judge.pool import JudgePool

pytestmark = pytest.mark.notebook

MEET = """
import contextlib, os, socket, time

mine, theirs = {names}
server = socket.socket(socket.AF_UNIX)
server.bind("\\0" + mine)
server.listen()
for folder in ("/tmp", "/dev/shm"):
    with open(f"{{folder}}/{{mine}}", "w") as file:
        file.write(mine)
end = time.monotonic() + 1.5
while time.monotonic() < end:
    for folder in ("/tmp", "/dev/shm", "/", "/dev"):
        if os.path.exists(f"{{folder}}/{{theirs}}"):
            print("met in", folder)
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\\0" + theirs)
        print("met on a socket")
    time.sleep(0.02)
"""
HOG = """
import hashlib, threading, time

def spin():
    while True:
        hashlib.sha256(bytes(1 << 20))  # other threads go on meanwhile

for _ in range(40):
    threading.Thread(target=spin).start()
time.sleep(1200)
"""
WORK = """
import time

wall, processor = time.perf_counter(), time.process_time()
total = sum(number for number in range(2_000_000))
print([time.perf_counter() - wall, time.process_time() - processor])
"""
MOST_DELAY = 6.0  # how many times as long as alone honest work may take


@pytest.fixture(scope="module")
def pool():
    """Two judges, both started."""
    try:
        pool = JudgePool(jobs=2)
    except ExecutorError as error:
        pytest.skip(str(error))
    with pool, ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda text: run(pool, text), ["1", "2"]))
        yield pool


def run(pool: JudgePool, text: str) -> CellResult:
    """Run the cell of one submission."""
    cells = [Cell("setup", "import math", "setup"), Cell("cell", text, "solution", "cell")]
    return pool.run(cells, Limits(cell_seconds=20.0, threads=48))[-1]


def seconds(result: CellResult) -> float:
    """Wall-clock seconds that the work took for each second of computing."""
    wall, processor = ast.literal_eval(result.outputs[0]["text"])
    return wall / processor


def test_two_submissions_at_a_time_do_not_meet(pool):
    texts = [MEET.format(names=names) for names in (("ada", "bob"), ("bob", "ada"))]
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda text: run(pool, text), texts))
    assert [(result.error, result.outputs) for result in results] == [(None, [])] * 2


@pytest.mark.slow  # it compares times, which other tests beside it would change
def test_a_submission_that_takes_all_processors_delays_its_neighbor_little(pool):
    alone = [seconds(run(pool, WORK))]
    with ThreadPoolExecutor(1) as threads:
        hog = threads.submit(run, pool, HOG)
        beside = [seconds(run(pool, WORK)) for _ in range(4)]
        assert hog.result().error.name == "CellTimeout"  # it took what it could, for as long as it might
    alone.append(seconds(run(pool, WORK)))
    # Other programs on this machine delay both, one time more than another.
    assert min(beside) < MOST_DELAY * max(alone)
