"""The results of mutation for a lecture's checks: the surviving mutants, those explained, and a table."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.bank.equivalent import explained, matches, read_equivalent
from autograder.bank.mutants import CLASSIC, CONTROL, STRONG, Mutant
from autograder.bank.survivors import MutantVerdict, judge_mutants
from autograder.judge.executor import Executor
from autograder.notebooks.course import Lecture
from autograder.tables import table

TIERS = {"strong": (STRONG, CONTROL), "classic": (CLASSIC,), "all": (STRONG, CLASSIC, CONTROL)}


@dataclass
class ExerciseMutation:
    """The mutants of one exercise that were run.

    Attributes:
        name: the exercise.
        outcomes: the verdicts on the mutants.
        listed: the reasons in ``equivalent.toml``, by pattern.
        stale: the patterns that no longer explain a survivor.
        same: for an unexplained survivor, by name, the number of recorded calls if all its results equal the right
            answer's bit for bit; else 0.
    """

    name: str
    outcomes: list[MutantVerdict]
    listed: dict[str, str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    same: dict[str, int] = field(default_factory=dict)

    def chosen(self, state: str) -> list[MutantVerdict]:
        """Return the mutants, without controls, that are ``killed``, ``flaky``, or that ``survive``."""
        return [o for o in self.outcomes if o.state == state and o.mutant.tier != CONTROL]

    @property
    def survivors(self) -> list[MutantVerdict]:
        """The mutants that pass all checks and are not listed."""
        return [o for o in self.chosen("survives") if not explained(self.listed, o.mutant.id)]

    @property
    def refused(self) -> list[MutantVerdict]:
        """The controls that a check refuses and that are not listed, so that they should be right."""
        wrong = [o for o in self.outcomes if o.state != "survives" and o.mutant.tier == CONTROL]
        return [o for o in wrong if not explained(self.listed, o.mutant.id)]

    @property
    def problems(self) -> list[str]:
        """A sentence for each survivor, flaky mutant, refused control and stale entry."""
        found = [self._survivor(outcome) for outcome in self.survivors]
        found += [_described("is killed with some seeds only", one) for one in self.chosen("flaky")]
        found += [_described(f"is right, but fails: {one.message}", one) for one in self.refused]
        return found + [
            f"{self.name}: equivalent.toml lists {entry!r}, which explains no survivor: remove the entry"
            for entry in self.stale
        ]

    def row(self) -> list[object]:
        """Return the exercise's row of the table."""
        run = [outcome for outcome in self.outcomes if outcome.mutant.tier != CONTROL]
        killed, passing = self.chosen("killed"), self.chosen("survives")
        crashed = sum(outcome.by_crash for outcome in killed)
        equivalent = len(passing) - len(self.survivors)
        return [
            self.name,
            len(run),
            len(killed),
            crashed,
            equivalent,
            len(self.chosen("flaky")),
            len(self.survivors),
        ]

    def _survivor(self, outcome: MutantVerdict) -> str:
        calls = self.same.get(outcome.mutant.name, 0)
        same = f" (same values in all {calls} recorded calls)" if calls else ""
        return _described(f"survives{same}", outcome)


HEADER = ["exercise", "mutants", "killed", "by crash", "equivalent", "flaky", "survive"]


def chosen_mutants(
    mutants: Iterable[Mutant], tier: str = "all", sample: int | None = None, seed: int = 0
) -> list[Mutant]:
    """Return the mutants of a tier (``strong``, ``classic`` or ``all``), or a sample of them in the same order."""
    chosen = [mutant for mutant in mutants if mutant.tier in TIERS[tier]]
    if sample is None or sample >= len(chosen):
        return chosen
    numbers = random.Random(seed).sample(range(len(chosen)), sample)
    return [chosen[number] for number in sorted(numbers)]


def mutate(
    lecture: Lecture,
    notebook: NotebookNode,
    mutants: Sequence[Mutant],
    run: Sequence[Mutant],
    executor: Executor,
    jobs: int = 1,
) -> list[ExerciseMutation]:
    """Run mutants and return the results by exercise.

    Args:
        lecture: the lecture, whose ``equivalent.toml`` files are read.
        notebook: the lecture's source.
        mutants: all mutants of the lecture.
        run: the mutants to run.
        executor: the executor that runs the cells.
        jobs: number of mutants to run at a time.
    """
    outcomes = judge_mutants(run, notebook, executor, jobs)
    found = []
    for name in dict.fromkeys(mutant.exercise for mutant in mutants):
        own = [outcome for outcome in outcomes if outcome.mutant.exercise == name]
        listed = read_equivalent(lecture.answers / name)
        ids = [mutant.id for mutant in mutants if mutant.exercise == name]
        found.append(ExerciseMutation(name, own, listed, _stale(listed, ids, own)))
    return found


def report(lecture: Lecture, exercises: Sequence[ExerciseMutation]) -> str:
    """Return a table and a paragraph for each problem, for the terminal."""
    lines = [lecture.folder, table(HEADER, [exercise.row() for exercise in exercises])]
    problems = [problem for exercise in exercises for problem in exercise.problems]
    return "\n".join(
        lines + ([f"  ✗ {problem}" for problem in problems] or ["  ✓ every surviving mutant is explained"])
    )


def as_json(lecture: Lecture, exercises: Sequence[ExerciseMutation]) -> dict:
    """Return the results as plain data."""
    return {
        "lecture": lecture.folder,
        "exercises": [
            dict(zip(HEADER, exercise.row(), strict=True))
            | {
                "survivors": [_data(one) for one in exercise.survivors],
                "flaky ones": [_data(one) for one in exercise.chosen("flaky")],
                "refused controls": [_data(one) for one in exercise.refused],
                "stale": exercise.stale,
                "same values": exercise.same,
            }
            for exercise in exercises
        ],
    }


def _stale(listed: Iterable[str], ids: Sequence[str], outcomes: Sequence[MutantVerdict]) -> list[str]:
    """Return the patterns that match no mutant, and those whose mutants were all run and do not survive."""
    to_explain = {
        outcome.mutant.id: (outcome.state == "survives") != (outcome.mutant.tier == CONTROL)
        for outcome in outcomes
    }
    fitting = {pattern: [name for name in ids if matches(pattern, name)] for pattern in listed}
    return [
        pattern for pattern, names in fitting.items() if all(to_explain.get(name) is False for name in names)
    ]


def _described(problem: str, outcome: MutantVerdict) -> str:
    mutant = outcome.mutant
    return "\n".join([f"{mutant.name} {problem}", *(f"      {line}" for line in mutant.difference())])


def _data(outcome: MutantVerdict) -> dict:
    mutant = outcome.mutant
    about = {"id": mutant.id, "tier": mutant.tier, "ends": list(outcome.ends), "message": outcome.message}
    return {**about, "difference": mutant.difference()}
