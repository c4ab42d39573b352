"""The rules that all checks of exercises share, in a notebook and in the judge.

A check is a function of one argument, the student's answer, decorated with :func:`exercise`::

    @checks.exercise(reference=objectives.iwae_bound)
    def iwae_bound(answer):
        log_weights = torch.randn(5, 3, generator=checks.generator("04/iwae_bound/visible"))
        checks.equal("bound", answer(log_weights), …)

While it runs, every call of the answer must

* leave its arguments unchanged: tensors, arrays, lists, dicts, and the parameters of models, but not their ``.grad``,
  into which ``backward`` writes: each call gets a copy of it, and what it leaves there is dropped;
* not call the library's own version of the exercise, its ``reference``;
* give the same result when it is repeated with the same random state.

In a notebook the answer is wrapped in :class:`Guarded`. In the judge it is an object of another process, which enforces
the same three rules in its own way; its class has a method ``__guard__`` that takes the references.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import torch

from dgm_helpers.checks.argument_gradients import copied_gradients
from dgm_helpers.checks.copies import copied, identical
from dgm_helpers.checks.failure import CheckFailed, fail
from dgm_helpers.checks.library_answers import code_keys, library_answer, watch
from dgm_helpers.checks.repeats import RandomStates, alike, not_repeatable
from dgm_helpers.checks.ticks import one_line_per_quantity

REPEATED_CALLS = 3  # of one check, at most
REPEATED_SECONDS = 0.05  # a call that took longer is not repeated
TIMES = 2  # repetitions in a row, so that answers that alternate are caught
CHANGED_HINT = "work on a copy: an in-place operation (`+=`, `x[...] =`, `append`) wrote into it."

Check = Callable[[Any], None]


def exercise(reference: Callable | Sequence[Callable] | None) -> Callable[[Check], Check]:
    """Turn a function of a student's answer into a check of an exercise.

    Args:
        reference: the library's version of the exercise, or several versions; None if the library has none.

    Returns:
        A decorator. The decorated check has the references in its attribute ``references``.
    """
    references = () if reference is None else (reference,) if callable(reference) else tuple(reference)

    def decorate(check: Check) -> Check:
        @functools.wraps(check)
        @one_line_per_quantity()
        def guarded_check(answer: Any) -> None:
            guard = getattr(type(answer), "__guard__", None)
            if guard is not None:  # an object of another process
                check(guard(answer, references))
                return
            if not callable(answer):
                fail(check.__name__, f"expected a function, got {type(answer).__name__}")
            if isinstance(answer, type):
                check(answer)
                return
            guarded = Guarded(answer, references)
            check(guarded)
            guarded.ask_again()

        guarded_check.references = references
        return guarded_check

    return decorate


def changed_argument(name: str, arguments: Sequence[int | str]) -> CheckFailed:
    """Return the failure of a function that wrote into its arguments, given by position from 1, or by name."""
    listed = f"argument {', '.join(map(str, arguments))}" if arguments else "an argument"
    try:
        fail(name, f"{listed} was changed by the function", hint=CHANGED_HINT)
    except CheckFailed as failure:
        return failure


class Guarded:
    """A student's function in a notebook, while it is checked. It is called like the function itself.

    Args:
        answer: the function.
        references: the library's versions of the exercise.
    """

    def __init__(self, answer: Callable, references: Sequence[Callable] = ()) -> None:
        functools.update_wrapper(self, answer)
        self._answer, self._name = answer, getattr(answer, "__name__", "the answer")
        self._forbidden = code_keys(references)
        self._sample: list[_Call] = []
        self._answered = 0
        self._randomness = random.Random(0)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        call = _Call(arguments, keywords)
        began = perf_counter()
        with copied_gradients(call.given), watch(self._forbidden) as used:
            call.random_states = RandomStates(call.generators)  # last, since nothing may draw in between
            try:
                result = self._answer(*arguments, **keywords)
            finally:
                if used:
                    raise library_answer(self._name) from None
        call.seconds = perf_counter() - began
        changed = call.changed()
        if changed:
            raise changed_argument(self._name, changed)
        self._remember(call, result)
        return result

    def ask_again(self) -> None:
        """Repeat some of the calls.

        Raises:
            CheckFailed: if one of them now gives a different result.
        """
        now = RandomStates([])
        for call in self._sample:
            later = RandomStates(call.generators)
            for _ in range(TIMES):
                call.random_states.restore()
                try:
                    with copied_gradients(call.given):
                        same = alike(call.result, self._answer(*call.arguments, **call.keywords))
                except Exception:  # the first call returned a result
                    same = False
                if not same:
                    raise not_repeatable(self._name)
            later.restore()
        now.restore()

    def _remember(self, call: _Call, result: Any) -> None:
        """Keep some of the calls, each with the same probability."""
        if call.seconds > REPEATED_SECONDS:
            return
        self._answered += 1
        place = len(self._sample)
        if place == REPEATED_CALLS:
            place = self._randomness.randrange(self._answered)
        if place < REPEATED_CALLS:
            call.result = copied(result)
            self._sample[place : place + 1] = [call]


class _Call:
    """A call, with copies of its arguments from before it."""

    def __init__(self, arguments: tuple, keywords: dict[str, Any]) -> None:
        self.given = [*((i + 1, value) for i, value in enumerate(arguments)), *keywords.items()]
        self.before = [copied(value) for _, value in self.given]
        self.generators = _generators([value for _, value in self.given])
        self.random_states: RandomStates | None = None  # taken right before the call
        count = len(arguments)
        self.arguments = [value for _, value in self.given[:count]]
        self.keywords = dict(keywords)
        self.result: Any = None
        self.seconds = 0.0

    def changed(self) -> list[int | str]:
        """Return the arguments that the call changed, by position or name."""
        pairs = zip(self.given, self.before, strict=True)
        return [place for (place, value), before in pairs if not identical(before, value)]


def _generators(values: Sequence[Any]) -> list[torch.Generator]:
    generators: list[torch.Generator] = []
    for value in values:
        if isinstance(value, torch.Generator):
            generators.append(value)
        elif type(value) in (list, tuple):
            generators += _generators(value)
        elif type(value) is dict:
            generators += _generators(list(value.values()))
    return generators
