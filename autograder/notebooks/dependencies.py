"""Which exercises an answer can influence, read from the code without running it."""

from __future__ import annotations

import ast

from nbformat import NotebookNode

from autograder.notebooks.exercises import exercises, parsed


def affected(notebook: NotebookNode, exercise: str, answer: str) -> set[str]:
    """Return this exercise and those whose cells mention, directly or not, a name that the answer defines."""
    sources = {
        name: "\n".join(cell.source for cell in [*item.tests, item.solution] if cell is not None)
        for name, item in exercises(notebook).items()
    }
    reached, waiting = {exercise}, [answer]
    while waiting:
        defined = _names_defined(waiting.pop())
        for name in sources.keys() - reached:
            if defined & _names_used(sources[name]):
                reached.add(name)
                solution = exercises(notebook)[name].solution
                waiting.append("" if solution is None else solution.source)
    return reached


def _names_used(source: str) -> set[str]:
    return {node.id for node in ast.walk(parsed(source)) if isinstance(node, ast.Name)}


def _names_defined(source: str) -> set[str]:
    names = set()
    for node in parsed(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue  # what is bound inside stays inside
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
            elif isinstance(part, ast.alias):
                names.add((part.asname or part.name).split(".")[0])
    return names
