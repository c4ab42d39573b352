"""The corpus: what each attack tries, which exercises may keep points, and the file that it hands in.

A file of ``corpus/`` holds the text of solution cells, each under a line ``# %% NAME``; cells that it does not name are
answered honestly. A file of ``corpus/notebooks/`` has a function ``tamper(notebook)``, which returns a notebook or the
bytes of a file, or a function ``hand_in(path, notebook)``, which puts there what it likes. The first line says what is
tried; lines below it may say more::

    # earns: double=3 center<=2     points of exercises; of those attacked and not named, none; of all others, all
    # wrong: double                 exercises that are answered wrongly (and so earn nothing)
    # limits: cell_seconds=1        where they differ from LIMITS
    # remark: tampering             a kind of remark that the submission must get
    # failure                       nothing can be graded

Words in braces are replaced: ``{canary}`` and others by what :class:`host.Host` says; ``{marker}`` by a name
for whatever is left behind; ``{loot}`` by a word that, read backwards, an attack prints or raises when it has
got hold of something. Outside of a sandbox the folder ``{canary}`` is there, so that an attack which could do
harm looks for it first and then leaves off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import lecture
from nbformat import NotebookNode

from autograder.judge.executor import MIB, Limits

CORPUS = Path(__file__).parent / "corpus"
LIMITS = Limits(
    cell_seconds=5.0,
    exercise_seconds=10.0,
    notebook_seconds=20.0,
    memory_bytes=512 * MIB,
    disk_bytes=32 * MIB,
    threads=32,
)
HONEST = (
    "before",
    "energy",
    "after",
)  # answered rightly in a notebook that attacks by its cells, if not attacked
CELL = re.compile(r"^# %% (\w+)\n", re.MULTILINE)
EARNS = re.compile(r"(\w+)(<?=)(\d+)")


@dataclass(frozen=True)
class Attack:
    """One file of the corpus.

    Attributes:
        name: of the file, without its ending.
        text: of the file.
        tries: its first line.
        told: what the lines below that say, by their first word.
        answers: solution cells, by exercise; empty for an attack by the notebook.
    """

    name: str
    text: str
    tries: str
    told: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """What the submission may use."""
        given = (entry.split("=") for entry in self.told.get("limits", "").split())
        return replace(LIMITS, **{name: float(number) for name, number in given})

    def longer(self, factor: float) -> Limits:
        """Return what the submission may use, with more time."""
        names = ("cell_seconds", "exercise_seconds", "notebook_seconds")
        return replace(self.limits, **{name: factor * getattr(self.limits, name) for name in names})

    @property
    def wrong(self) -> list[str]:
        """Exercises that a tampering student has not solved."""
        return self.told.get("wrong", "").split()

    @property
    def exercises(self) -> set[str]:
        """What is in the notebook: all of the lecture, or, so that it is quick, what is attacked and some others."""
        return {*self.answers, *HONEST} if self.answers else set(lecture.SOLUTIONS)

    def allowed(self, exercises: Container[str] | None = None) -> dict[str, tuple[float, float]]:
        """Return the least and the most points that each of these exercises may earn; by default, of its own."""
        if "failure" in self.told:
            return {}
        points = {
            name: (float(full), float(full))
            for name, full in lecture.points(exercises or self.exercises).items()
        }
        points |= dict.fromkeys([*self.answers, *self.wrong], (0.0, 0.0))
        for name, relation, number in EARNS.findall(self.told.get("earns", "")):
            if name in points:
                points[name] = (0.0 if relation == "<=" else float(number), float(number))
        return points

    def hand_in(self, path: Path, words: Mapping[str, str], exercises: Container[str] | None = None) -> None:
        """Put a notebook with these exercises, by default its own, at a path whose folder is there."""
        answers = {name: filled(text, words) for name, text in self.answers.items()}
        answers |= {name: lecture.WRONG[name] for name in self.wrong}
        notebook = lecture.handed_in(answers, exercises or self.exercises)
        if not self.answers:
            script: dict = {}
            exec(compile(filled(self.text, words), self.name, "exec"), script)
            if "hand_in" in script:
                script["hand_in"](path, notebook)
                return
            notebook = script["tamper"](notebook)
        path.write_bytes(notebook if isinstance(notebook, bytes) else to_bytes(notebook))


def to_bytes(notebook: NotebookNode) -> bytes:
    """Return a notebook's file; nbformat's own writer would mend or refuse some of them."""
    return json.dumps(notebook).encode()


def filled(text: str, words: Mapping[str, str]) -> str:
    """Replace the words in braces that are known, and no others."""
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def corpus() -> list[Attack]:
    """Return all attacks, by name."""
    return [_read(path) for path in sorted(CORPUS.rglob("*.py"))]


def _read(path: Path) -> Attack:
    text = path.read_text()
    told = {}
    first, *lines = text.split("\n")
    for line in lines:
        if not line.startswith("# ") or CELL.match(f"{line}\n"):
            break
        word, _, value = line[2:].partition(":")
        told[word.strip()] = value.strip()
    parts = CELL.split(text)[1:]
    answers = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    return Attack(path.stem, text, first.lstrip("# "), told, answers)
