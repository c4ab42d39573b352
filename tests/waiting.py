"""How tests wait: for an event, with a deadline that only bounds a hang, however busy the machine is."""

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import Any

import psutil

HANG_SECONDS = 300.0  # what takes longer hangs
ENDLESS_SECONDS = 1200  # for code under test that must be stopped: longer than any test waits
TIMEOUTS = ("CellTimeout", "ExerciseTimeout", "NotebookTimeout")
FACTORS = (1, 4, 16, 64)


def wait_for(condition: Callable[[], Any], seconds: float = HANG_SECONDS) -> Any:
    """Wait until a condition is true and return its value.

    Raises:
        AssertionError: if it is not true in time.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited for {seconds:g} s in vain"
        time.sleep(0.02)
    return value


def have_ended(processes: Iterable[psutil.Process]) -> bool:
    """Return whether none of these processes runs; a zombie does not."""
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            continue
    return True


def without_hanging(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or raise its exception.

    Raises:
        AssertionError: if it hangs.
    """
    outcome = {}

    def run() -> None:
        try:
            outcome["value"] = call()
        except BaseException as error:
            outcome["error"] = error

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(HANG_SECONDS)
    assert outcome, "it hangs"
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def with_enough_time(
    run: Callable[[float], Any], hurried: Callable[[Any], bool], seconds: float = 1.0
) -> Any:
    """Run something under a short time limit, and under longer ones while an innocent part runs out of time.

    A test of a time limit needs one that is short, so that it is quick, and long enough for all that must not
    run into it. How long that is depends on the machine.

    Args:
        run: what to run, given the limit in seconds.
        hurried: whether its result shows that the limit was too short for a part that must keep to it.
        seconds: the first limit to try.

    Returns:
        The first result that is not hurried, or that of the longest limit.
    """
    for factor in FACTORS:
        result = run(factor * seconds)
        if not hurried(result):
            break
    return result


def ran_out_of_time(results: Mapping[str, Any], cells: list[str]) -> bool:
    """Return whether one of these cells failed, or was not run, because a time limit was too short for it."""
    errors = [str(results[cell].error) for cell in cells if results[cell].error is not None]
    return any(name in error for error in errors for name in TIMEOUTS)
