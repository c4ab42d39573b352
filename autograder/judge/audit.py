"""Repeat calls: an answer must depend only on its arguments, which include the state of a generator.

A function that counts its calls, remembers the last one, or recognizes a test can pass a check that it should fail. So
when a test cell has passed, some of its calls are repeated, byte by byte, in a different order. Each repeated call gets
the random state of the first one, so that honest randomness gives the same numbers.
"""

from __future__ import annotations

import contextlib
import io
import random

from autograder.judge.calls import Call
from autograder.judge.proxies import Conversation
from dgm_helpers.checks.repeats import alike, not_repeatable

SECONDS = 0.05  # time for repeated calls after the first
FIRST_SECONDS = 1.0  # the first call is repeated TIMES times if it took at most this, even on a busy machine
TIMES = 2  # repetitions in a row, to catch answers that alternate
PATIENCE = (
    3  # a repeated call may take this many times as long as the first; a time limit catches slow tricks
)
GRACE_SECONDS = 10.0  # additional time, because a busy machine may delay a quick answer


def ask_again(conversation: Conversation, randomness: random.Random) -> None:
    """Repeat some of the calls of a test cell.

    Args:
        conversation: the conversation of the test cell with the student's process.
        randomness: a generator that chooses the order of the calls.

    Raises:
        CheckFailed: if a repeated call gives a different answer.
    """
    spent = 0.0
    shuffled = randomness.sample(conversation.sample, len(conversation.sample))
    for number, call in enumerate(call for call in shuffled for _ in range(TIMES)):
        first = number < TIMES and call.seconds <= FIRST_SECONDS
        if spent and not first and spent + call.seconds > SECONDS:
            continue
        student = conversation.student
        student.allow(min(PATIENCE * call.seconds + GRACE_SECONDS, student.limits.cell_seconds))
        spent += max(call.seconds, 1e-9)
        _repeat(conversation, call)


def _repeat(conversation: Conversation, call: Call) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            same = alike(call.result, conversation.repeat(call))
    except Exception:  # the first call did not raise
        same = False
    if not same:
        raise not_repeatable(call.name)
