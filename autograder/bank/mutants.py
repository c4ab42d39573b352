"""Mutants: wrong answers to an exercise that are derived by program from its right ones."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autograder.bank import classic, strong, wrapped
from autograder.bank.recorder import Recorded
from autograder.bank.syntax import changed, functions, places

SOURCE = "source"  # the origin of a mutant of the notebook's own solution; otherwise it is a file of the bank
STRONG, CLASSIC, CONTROL = "strong", "classic", "control"
PRELUDE = "import torch\nfrom autograder.bank import changes\n"


@dataclass(frozen=True)
class Mutant:
    """One changed answer.

    Attributes:
        exercise: the exercise that it answers.
        id: the operator, the changed answer, and the change; stable as long as that line of the answer is.
        tier: ``strong``, ``classic``, or ``control`` for an answer that is still right.
        source: the text of the solution cell.
        original: the text of the answer that was changed.
    """

    exercise: str
    id: str
    tier: str
    source: str
    original: str

    @property
    def name(self) -> str:
        """The exercise and the id."""
        return f"{self.exercise}/{self.id}"

    @property
    def operator(self) -> str:
        """The operator's name."""
        return self.id.partition("@")[0]

    def difference(self) -> list[str]:
        """Return the lines that differ from the original, with a leading - or +."""
        before, after = self.original.splitlines(), self.source.removeprefix(PRELUDE).splitlines()
        lost, gained = Counter(before) - Counter(after), Counter(after) - Counter(before)
        return [f"- {line.strip()}" for line in lost] + [f"+ {line.strip()}" for line in gained]


def mutants(exercise: str, answers: Mapping[str, str], about: Mapping[str, Recorded]) -> list[Mutant]:
    """Return the mutants of an exercise, without duplicates and without those equal to an answer.

    Args:
        exercise: the exercise's name.
        answers: the texts of right solution cells by origin; the source's origin is ``source``.
        about: the recorded calls of the source's functions, by qualified name.

    Raises:
        SyntaxError: if an answer is not Python.
    """
    plain = {origin: plain_text(text) for origin, text in answers.items()}
    known, found = set(plain.values()), {}
    for mutant in _all(exercise, plain, about):
        if mutant.source not in known:
            known.add(mutant.source)
            name, number = mutant.id, 2
            while name in found:
                name, number = f"{mutant.id} #{number}", number + 1
            found[name] = Mutant(exercise, name, mutant.tier, mutant.source, mutant.original)
    return list(found.values())


def plain_text(source: str) -> str:
    """Return code as Python writes it, without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]
    return ast.unparse(tree)


def decorated(source: str, decorator: str, names: Iterable[str] | None = None) -> str:
    """Return code with a decorator above some of its functions, given by qualified name; above all of them if None."""
    tree = ast.parse(source)
    for name, function in functions(tree):
        if names is None or name in names:
            function.decorator_list.insert(0, ast.parse(decorator, mode="eval").body)
    return ast.unparse(tree)


def _all(exercise: str, answers: Mapping[str, str], about: Mapping[str, Recorded]) -> Iterator[Mutant]:
    for name, recorded in about.items():
        method = f"{name.partition('.')[2]}: " if "." in name else ""
        for tier, pairs in ((STRONG, wrapped.decorators(recorded)), (CONTROL, wrapped.controls(recorded))):
            for operator, decorator in pairs:
                text = PRELUDE + decorated(answers[SOURCE], decorator, {name})
                yield Mutant(exercise, f"{method}{operator}@{SOURCE}", tier, text, answers[SOURCE])
    gradients = any(recorded.gradients for recorded in about.values())
    for origin, text in answers.items():
        inside = strong.operators(gradients or "grad" in text or "backward" in text)
        tree = ast.parse(text)
        for tier, operators in ((STRONG, inside), (CLASSIC, classic.OPERATORS)):
            tier = tier if origin == SOURCE else CLASSIC
            for place in list(places(tree)):
                for operator in operators:
                    for edit in operator(place):
                        snippet, changed_text = changed(tree, place, edit)
                        prelude = PRELUDE if "changes." in changed_text else ""
                        name = f"{edit.operator}@{origin}: {snippet}"
                        yield Mutant(exercise, name, tier, prelude + changed_text, text)
