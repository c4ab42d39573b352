"""Mutants that pass all checks are found, explained by equivalent.toml, and listed by the command."""

import json
from dataclasses import replace

import pytest
from toy_course import cell_of, write_source

from autograder.bank.equivalent import matches, read_equivalent
from autograder.bank.mutants import Mutant
from autograder.bank.mutation import ExerciseMutation, chosen_mutants, mutate
from autograder.bank.survivors import MutantVerdict
from autograder.cli import main
from autograder.notebooks.course import CourseError

WEAK = 'checks.equal("mean", mean([1.0, 2.0, 6.0]), 3.0)'
STRONG = """values = [4.0, -1.0, 2.5, -9.1]
checks.equal("mean", mean(values), -0.9)
checks.equal("mean of one", mean([5.0]), 5.0)
checks.true("values", values == [4.0, -1.0, 2.5, -9.1], "were changed")"""


def made(id, tier="strong"):
    return Mutant(
        "mean", id, tier, f"def mean(values):\n    return {id!r}", "def mean(values):\n    return 0"
    )


def outcome(id, *ends, tier="strong"):
    return MutantVerdict(made(id, tier), ends)


def run(course, capsys, *options):
    status = main(["--course", str(course.root), "mutate", "03", "--exercise", "mean", *options])
    return status, capsys.readouterr().out


@pytest.mark.notebook
def test_the_command_lists_survivors_and_accepts_them_with_a_reason(course, lecture, notebook, capsys):
    cell_of(notebook, "mean_visible").source = WEAK
    cell_of(notebook, "mean_hidden").source = STRONG
    write_source(lecture, notebook)
    status, text = run(course, capsys, "--json", "--tier", "strong")
    (exercise,) = json.loads(text)["exercises"]
    ids = [survivor["id"] for survivor in exercise["survivors"]]
    assert exercise["mutants"] == exercise["killed"] + exercise["survive"]
    assert ids == ["reversed values@source"]
    assert status == 1
    path = lecture.answers / "mean" / "equivalent.toml"
    path.write_text(
        '"reversed *" = "A mean does not depend on the order."\n"gone@source" = "No such mutant."\n'
    )
    status, text = run(course, capsys, "--tier", "strong")
    assert status == 1
    assert "✗ mean: equivalent.toml lists 'gone@source'" in text and "reversed" not in text
    path.write_text('"reversed *" = "A mean does not depend on the order."\n')
    status, text = run(course, capsys, "--tier", "strong")
    assert status == 0
    assert "✓ every surviving mutant is explained" in text


@pytest.mark.notebook
def test_the_command_shows_a_mutant(course, capsys):
    status, text = run(
        course,
        capsys,
        "--show",
        "operator@source: math.fsum(values) / len(values) => math.fsum(values) * len(values)",
    )
    assert status == 0
    assert "return math.fsum(values) * len(values)" in text
    assert run(course, capsys, "--show", "no such id")[0] == 1


def test_states_and_problems():
    mutation = ExerciseMutation(
        "mean",
        [
            outcome("killed", "check", "crash", "check"),
            outcome("crashed", "crash", "crash", "crash"),
            outcome("flaky", "check", "", "check"),
            outcome("hole", "", "", ""),
            outcome("listed", "", "", ""),
            outcome("float32", "check", "check", "check", tier="control"),
            outcome("clone", "", "", "", tier="control"),
        ],
        listed={"list*": "right"},
        same={"mean/hole": 7},
    )
    assert mutation.row() == ["mean", 5, 2, 1, 1, 1, 1]
    said = [problem.split("\n")[0] for problem in mutation.problems]
    assert said == [
        "mean/hole survives (same values in all 7 recorded calls)",
        "mean/flaky is killed with some seeds only",
        "mean/float32 is right, but fails: ",
    ]
    listed = replace(mutation, listed={"*": "all"}, stale=["old"])
    assert [problem.split("\n")[0] for problem in listed.problems] == [
        "mean/flaky is killed with some seeds only",
        "mean: equivalent.toml lists 'old', which explains no survivor: remove the entry",
    ]


class Verdicts:
    """An executor by which a mutant fails if its text has the word."""

    def run(self, cells, limits, seed=None):
        from autograder.judge.executor import CellError, CellResult

        failed = any("killed" in cell.source for cell in cells)
        error = CellError("CheckFailed", "wrong") if failed else None
        return [CellResult(error=error if cell.kind == "test" else None) for cell in cells]

    def close(self):
        """There is nothing to end."""


@pytest.mark.parametrize(
    ("entry", "run", "stale"),
    [
        ("killed*", ["killed 1"], ["killed*"]),
        ("hole", ["hole"], []),
        ("nothing", [], ["nothing"]),
        ("killed*", [], []),  # was not run: nothing is known
        ("*", ["killed 1", "hole"], []),
    ],
)
def test_an_entry_that_explains_nothing_is_stale(lecture, notebook, entry, run, stale):
    (lecture.answers / "mean" / "equivalent.toml").write_text(f'"{entry}" = "A reason."\n')
    every = [made("killed 1"), made("hole")]
    (found,) = mutate(lecture, notebook, every, [one for one in every if one.id in run], Verdicts())
    assert found.stale == stale


def test_a_sample_is_drawn_by_its_seed_and_tier():
    every = [made(str(i), "strong" if i % 2 else "classic") for i in range(40)]
    first = chosen_mutants(every, "strong", sample=5, seed=1)
    assert first == chosen_mutants(every, "strong", sample=5, seed=1)
    assert first != chosen_mutants(every, "strong", sample=5, seed=2)
    assert len(first) == 5 and all(mutant.tier == "strong" for mutant in first)
    assert chosen_mutants(every) == every


def test_only_the_star_of_a_pattern_has_a_meaning():
    assert matches("detach*", "detach@source: x[0] => y")
    assert matches("detach@source: x[?] ** 2 => *", "detach@source: x[?] ** 2 => y")
    assert not matches("detach@source: x[0]", "detach@source: x0")
    assert not matches("detach", "detach@source")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "is not TOML"),
        ('"a" = 1', "the entry 'a' must be"),
        ('"a" = " "', "the entry 'a' must be"),
        ('[section]\n"a" = "b"', "the entry 'section' must be"),
    ],
)
def test_a_list_without_reasons_is_refused(tmp_path, text, said):
    (tmp_path / "equivalent.toml").write_text(text)
    with pytest.raises(CourseError, match=said):
        read_equivalent(tmp_path)
    assert read_equivalent(tmp_path / "none") == {}
