"""Wrong answers that a program derives from the right ones: the checks of every lecture refuse them."""

from functools import cache
from pathlib import Path

import pytest

from autograder.bank.fork_executor import NotebookExecutor
from autograder.bank.mutation import chosen_mutants, mutate
from autograder.bank.survivors import lecture_mutants
from autograder.notebooks.course import Course, Lecture, read_source
from autograder.notebooks.exercises import exercises

pytestmark = pytest.mark.notebook

SLOW_LECTURES = ("05", "07")  # until their mutants are killed or explained
SLOW_EXERCISES = (
    "01/sample",
    "03/elbo_gradient",
    "10/sample_latent",
)  # over 0.3 s of processor time per mutant
SAMPLE = 20  # of the classical mutants of an exercise

source_of = cache(read_source)
CASES = {
    f"{lecture.number}/{name}": (lecture, name)
    for lecture in Course.find(Path(__file__).parents[1]).lectures()
    for name, exercise in exercises(source_of(lecture)).items()
    if exercise.solution is not None and exercise.tests
}


def strong_cases() -> list:
    """Return the cases of the strong mutants, with a mark where they are slow."""
    slow = [name for name in CASES if name in SLOW_EXERCISES or name.startswith(SLOW_LECTURES)]
    return [
        pytest.param(case, id=name, marks=pytest.mark.slow if name in slow else ())
        for name, case in CASES.items()
    ]


every_exercise = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


class Runner:
    """Runs mutants of one lecture after the other; the processes of the last one are kept."""

    def __init__(self) -> None:
        self.lecture: Lecture | None = None
        self.executor: NotebookExecutor | None = None

    def problems(self, lecture: Lecture, name: str, tier: str, sample: int | None = None) -> list[str]:
        """Return a sentence for each mutant of an exercise that is not as it should be."""
        if lecture != self.lecture:
            self.close()
            folder = lecture.source.parent
            self.lecture, self.executor = lecture, NotebookExecutor(folder, stop_at_failure=True)
        every = lecture_mutants(lecture, self.executor, [name])
        chosen = chosen_mutants(every, tier, sample)
        assert chosen, f"{name} has no mutants: no check calls it"
        (found,) = mutate(lecture, source_of(lecture), every, chosen, self.executor)
        return found.problems

    def close(self) -> None:
        """End the processes."""
        if self.executor is not None:
            self.executor.close()


@pytest.fixture(scope="module")
def runner():
    """One runner for all tests of this process."""
    one = Runner()
    yield one
    one.close()


@pytest.mark.parametrize("case", strong_cases())
def test_the_checks_refuse_every_strong_mutant(case, runner):
    problems = runner.problems(*case, "strong")
    assert problems == [], "\n".join(problems)


@pytest.mark.slow
@every_exercise
def test_the_checks_refuse_a_sample_of_classical_mutants(case, runner):
    problems = runner.problems(*case, "classic", SAMPLE)
    assert problems == [], "\n".join(problems)


@pytest.mark.slow
@every_exercise
def test_the_checks_refuse_every_classical_mutant(case, runner):
    problems = runner.problems(*case, "classic")
    assert problems == [], "\n".join(problems)
