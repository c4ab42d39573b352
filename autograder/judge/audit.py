"""Asking again: an answer must depend on its arguments alone, the state of a generator being one of them.

A function that counts its calls, remembers the last one, or tells a test from an experiment can pass a check that it
should fail. So when a test cell has passed, some of its calls are repeated, to the byte, in another order. The random
state that went with a call goes with it again, so that honest randomness gives the same numbers.
"""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.judge.calls import Call
from autograder.judge.proxies import Conversation
from autograder.judge.remote_objects import RemoteObject
from dgm_helpers.checks.failure import fail

SECONDS = 0.05  # beyond the first call, only what was answered within this is asked again
TIMES = 2  # in a row, so that answers which alternate are found out
PATIENCE = (
    3  # times as long as the first time it may take, and a second; in time of its own, or slow tricks pass
)
TOLERANCE = 1e-4  # of the largest value: sums may round otherwise, a trick is not that small


def ask_again(conversation: Conversation, randomness: random.Random) -> None:
    """Repeat some of the calls of a test cell.

    Raises:
        CheckFailed: if one of them is answered otherwise.
    """
    spent = 0.0
    shuffled = randomness.sample(conversation.sample, len(conversation.sample))
    for call in (call for call in shuffled for _ in range(TIMES)):
        if spent and spent + call.seconds > SECONDS:
            continue
        student = conversation.student
        student.allow(min(PATIENCE * call.seconds + 1.0, student.limits.cell_seconds))
        spent += max(call.seconds, 1e-9)
        _repeat(conversation, call)


def _repeat(conversation: Conversation, call: Call) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            same = alike(call.result, conversation.repeat(call))
    except Exception:  # it answered the first time
        same = False
    if not same:
        fail(
            call.name,
            "asked the same again, it answers something else",
            hint="an answer may depend on its arguments and on the generator it is given, on nothing else: "
            "no counter, no memory of earlier calls, no clock.",
        )


def alike(first: Any, second: Any) -> bool:
    """Whether two results are the same up to rounding; NaN is the same as NaN."""
    if type(first) is not type(second) and not isinstance(first, RemoteObject):
        return False
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(alike, first, second))
    if isinstance(first, dict):
        return list(first) == list(second) and all(map(alike, first.values(), second.values()))
    if isinstance(first, np.ndarray | np.generic | float | complex):
        return _close(torch.as_tensor(np.asarray(first)), torch.as_tensor(np.asarray(second)))
    if isinstance(first, Tensor):
        return _close(first.detach(), second.detach())
    if isinstance(first, RemoteObject | Iterator):  # it stays in the student's process; it has been read
        return True
    return first == second


def _close(first: Tensor, second: Tensor) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if not (first.is_floating_point() or first.is_complex()):
        return bool((first == second).all())
    finite = first[torch.isfinite(first)].abs()
    scale = float(finite.max()) if finite.numel() else 0.0
    return torch.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)
