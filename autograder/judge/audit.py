"""Asking again: an answer must depend on its arguments alone, the state of a generator being one of them.

A function that counts its calls, remembers the last one, or tells a test from an experiment can pass a check that it
should fail. So when a test cell has passed, some of its calls are repeated, to the byte, in another order. The random
state that went with a call goes with it again, so that honest randomness gives the same numbers.
"""

from __future__ import annotations

import contextlib
import io
import random

from autograder.judge.calls import Call
from autograder.judge.proxies import Conversation
from dgm_helpers.checks.repeats import alike, not_repeatable

SECONDS = 0.05  # beyond the first call, only what was answered within this is asked again
FIRST_SECONDS = 1.0  # the first call is asked TIMES times if it took at most this, also on a busy machine
TIMES = 2  # in a row, so that answers which alternate are found out
PATIENCE = 3  # times as long as the first time it may take; in its own time, or slow tricks pass
GRACE_SECONDS = 10.0  # beyond that, because a busy machine may keep a quick answer waiting


def ask_again(conversation: Conversation, randomness: random.Random) -> None:
    """Repeat some of the calls of a test cell.

    Raises:
        CheckFailed: if one of them is answered otherwise.
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
    except Exception:  # it answered the first time
        same = False
    if not same:
        raise not_repeatable(call.name)
