"""``autograder mutate``: test the checks of a lecture on wrong answers made by program."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from autograder.commands import add_lectures, whole

if TYPE_CHECKING:
    from autograder.judge.executor import Executor
    from autograder.notebooks.course import Lecture

NAME = "mutate"
HELP = "Make wrong answers by program and list those that pass all checks."
DESCRIPTION = (
    "Derive wrong answers (mutants) from a lecture's right ones, run the checks on each with three seeds, and list "
    "those that pass. Mutants that are right are listed, with a reason, in answers/EXERCISE/equivalent.toml. The "
    "exit status is 1 if a mutant survives without a reason or is killed with only some seeds, if a right answer is "
    "refused, or if an entry of equivalent.toml explains no survivor. Mutants run without a sandbox."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)
    parser.add_argument(
        "--exercise", action="append", metavar="NAME", help="Run only this exercise; may be repeated."
    )
    parser.add_argument(
        "--tier",
        choices=("strong", "classic", "all"),
        default="all",
        help="Kind of mutants: strong ones find holes in good checks (default: all).",
    )
    parser.add_argument(
        "--sample", type=whole, metavar="N", help="Run only N mutants per lecture, drawn at random."
    )
    parser.add_argument("--seed", type=int, default=0, help="Seed of the sample (default: 0).")
    parser.add_argument(
        "--jobs", type=whole, default=2, metavar="N", help="Number of mutants to run at a time (default: 2)."
    )
    parser.add_argument("--json", action="store_true", help="Print JSON, one object per lecture.")
    parser.add_argument(
        "--show", metavar="ID", help="Print the code of the mutants with this id, without running them."
    )


def run(options: argparse.Namespace) -> int:
    """Print a table and the survivors of each lecture; return 1 if there is a problem."""
    from autograder.bank.fork_executor import NotebookExecutor
    from autograder.notebooks.course import Course

    passed = True
    for lecture in Course.find(options.course).select(options.lectures):
        folder, act = lecture.source.parent, _mutate if options.show is None else _show
        with NotebookExecutor(folder, jobs=options.jobs, stop_at_failure=True) as executor:
            passed = act(lecture, executor, options) and passed
    return 0 if passed else 1


def _show(lecture: Lecture, executor: Executor, options: argparse.Namespace) -> bool:
    from autograder.bank.survivors import lecture_mutants

    shown = False
    for mutant in lecture_mutants(lecture, executor, options.exercise):
        if options.show in (mutant.id, mutant.name):
            print(f"# {mutant.name}\n{mutant.source}")
            shown = True
    return shown


def _mutate(lecture: Lecture, executor: Executor, options: argparse.Namespace) -> bool:
    import json

    from autograder.bank.mutation import as_json, chosen_mutants, mutate, report
    from autograder.bank.survivors import lecture_mutants, same_values
    from autograder.notebooks.course import read_source

    notebook = read_source(lecture)
    mutants = lecture_mutants(lecture, executor, options.exercise)
    chosen = chosen_mutants(mutants, options.tier, options.sample, options.seed)
    exercises = mutate(lecture, notebook, mutants, chosen, executor, options.jobs)
    survivors = [outcome.mutant for exercise in exercises for outcome in exercise.survivors]
    same = same_values(survivors, notebook, executor)
    for exercise in exercises:
        exercise.same |= {name: n for name, n in same.items() if name.startswith(f"{exercise.name}/")}
    print(json.dumps(as_json(lecture, exercises)) if options.json else report(lecture, exercises), flush=True)
    return not any(exercise.problems for exercise in exercises)
