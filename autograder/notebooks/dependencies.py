"""Find the exercises that an answer needs or can influence, by reading the code without running it."""

from __future__ import annotations

import ast

from nbformat import NotebookNode

from autograder.notebooks.exercises import exercises, parsed


def affected(notebook: NotebookNode, exercise: str, answer: str) -> set[str]:
    """Return this exercise, the exercises that use a name the answer defines, even indirectly, and all that they need.

    An answer needs the exercises whose solutions define a name that it uses.
    """
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
    return reached | needed(notebook, {name: sources[name] for name in reached} | {exercise: answer})


def needed(notebook: NotebookNode, answers: dict[str, str]) -> set[str]:
    """Return these exercises and those whose solutions define a name that their answers use, directly or not.

    Args:
        notebook: the source.
        answers: texts by exercise.
    """
    solutions = {
        name: item.solution.source for name, item in exercises(notebook).items() if item.solution is not None
    }
    found, waiting = set(answers), list(answers.values())
    while waiting:
        used = _names_used(waiting.pop())
        for name in solutions.keys() - found:
            if used & _names_defined(solutions[name]):
                found.add(name)
                waiting.append(solutions[name])
    return found


def _names_used(source: str) -> set[str]:
    return {node.id for node in ast.walk(parsed(source)) if isinstance(node, ast.Name)}


def _names_defined(source: str) -> set[str]:
    names = set()
    for node in parsed(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue  # names bound inside are local
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
            elif isinstance(part, ast.alias):
                names.add((part.asname or part.name).split(".")[0])
    return names
