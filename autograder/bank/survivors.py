"""Find the mutants of a lecture's right answers that pass all checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.bank.answers import find_answers
from autograder.bank.mutants import SOURCE, Mutant, decorated, mutants, plain_text
from autograder.bank.recorder import Recorded, read_calls
from autograder.judge.executor import Cell, Executor, Limits
from autograder.notebooks.course import CourseError, Lecture, read_source
from autograder.notebooks.dependencies import needed
from autograder.notebooks.exercises import exercises, is_hidden, is_setup
from autograder.submission.grading import grade

SEEDS = (None, 1, 2)  # seeds of the checks' inputs; None gives the fixed inputs of a student's notebook
LIMITS = Limits(cell_seconds=20.0, output_characters=20_000_000)
RECORD = "from autograder.bank.recorder import recorded as recorded_\n"
CHECK, CRASH, PASSES = "check", "crash", ""


@dataclass(frozen=True)
class MutantVerdict:
    """The verdict on a mutant: for each seed, CHECK or CRASH if it was refused, or an empty text if it passes."""

    mutant: Mutant
    ends: tuple[str, ...]
    message: str = ""

    @property
    def state(self) -> str:
        """``killed`` if every seed's checks refuse it, ``survives`` if none do, else ``flaky``."""
        if all(self.ends):
            return "killed"
        return "flaky" if any(self.ends) else "survives"

    @property
    def by_crash(self) -> bool:
        """Whether the mutant is killed, but never by a check."""
        return self.state == "killed" and CHECK not in self.ends


def record(
    notebook: NotebookNode, exercise: str, answer: str, executor: Executor, seed: int | None = None
) -> dict[str, Recorded]:
    """Return the recorded calls of an answer's functions by all checks of its exercise.

    Args:
        notebook: the source.
        exercise: the exercise's name.
        answer: the text of the solution cell.
        executor: the executor that runs the cells.
        seed: the seed of the checks' inputs.
    """
    tests = exercises(notebook)[exercise].tests
    cells = [Cell("setup", cell.source, "setup") for cell in notebook.cells if is_setup(cell)]
    text = RECORD + decorated(answer, "recorded_")
    cells.append(Cell(exercise, text, "solution", exercise))
    cells += [Cell(f"test {i}", cell.source, "test", exercise) for i, cell in enumerate(tests)]
    results = executor.run(cells, LIMITS, seed)[-len(tests) :] if tests else []
    printed = ["".join(out.get("text", "") for out in result.outputs) for result in results]
    return read_calls(printed, [not is_hidden(cell) for cell in tests])


def lecture_mutants(lecture: Lecture, executor: Executor, only: Iterable[str] | None = None) -> list[Mutant]:
    """Return all mutants of a lecture's exercises.

    Args:
        lecture: the lecture with the source and the answer bank.
        executor: the executor that runs the source's solutions, whose calls are recorded.
        only: the names of exercises; None for all of them.

    Raises:
        CourseError: if a name is not the name of an exercise, or if the source or an answer cannot be read.
    """
    notebook = read_source(lecture)
    known = {name: one.solution for name, one in exercises(notebook).items() if one.solution and one.tests}
    names = list(known) if only is None else list(only)
    found: list[Mutant] = []
    for name in names:
        if name not in known:
            raise CourseError(f"exercise must be one of {', '.join(known)}; got {name!r}")
        answers = {SOURCE: known[name].source}
        answers |= {a.path.stem: a.source for a in find_answers(lecture) if a.exercise == name and a.right}
        try:
            about = record(notebook, name, plain_text(answers[SOURCE]), executor)
            found += mutants(name, answers, about)
        except SyntaxError as error:
            raise CourseError(f"a right answer to {name} is not Python: {error}") from None
    return found


def judge_mutant(mutant: Mutant, notebook: NotebookNode, executor: Executor) -> MutantVerdict:
    """Run the checks of a mutant's exercise with each seed."""
    ends, message = [], ""
    for seed in SEEDS:
        answers = {mutant.exercise: mutant.source}
        only = needed(notebook, answers)
        grades = grade(notebook, executor, answers, seed=seed, only=only, limits=LIMITS)
        lost = [cell for cell in grades[mutant.exercise].cells if cell.earned < cell.points]
        if lost and not message:
            message = str(lost[0].error)
        checked = lost and (lost[0].error is None or lost[0].error.name == "CheckFailed")
        ends.append((CHECK if checked else CRASH) if lost else PASSES)
    return MutantVerdict(mutant, tuple(ends), message)


def judge_mutants(
    chosen: Sequence[Mutant], notebook: NotebookNode, executor: Executor, jobs: int = 1
) -> list[MutantVerdict]:
    """Judge mutants, ``jobs`` at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda mutant: judge_mutant(mutant, notebook, executor), chosen))


def same_values(chosen: Iterable[Mutant], notebook: NotebookNode, executor: Executor) -> dict[str, int]:
    """Return, by a mutant's name, the number of recorded calls if all its results equal the original's, else 0.

    Results are compared bit for bit. Equality suggests that a survivor is equivalent, but does not prove it: the checks
    may call it with too few inputs.
    """
    originals: dict[tuple[str, str, int | None], dict[str, list[str]]] = {}
    found = {}
    for mutant in chosen:
        calls = 0
        for seed in SEEDS:
            key = (mutant.exercise, mutant.original, seed)
            if key not in originals:
                originals[key] = _digests(record(notebook, mutant.exercise, mutant.original, executor, seed))
            digests = _digests(record(notebook, mutant.exercise, mutant.source, executor, seed))
            if digests != originals[key]:
                calls = 0
                break
            calls += sum(map(len, digests.values()))
        found[mutant.name] = calls
    return found


def _digests(about: dict[str, Recorded]) -> dict[str, list[str]]:
    return {name: one.digests for name, one in about.items()}
