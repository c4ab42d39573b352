"""The part of a traceback that runs through a student's own code."""

from __future__ import annotations

import re
from collections.abc import Iterable

HEADER = re.compile(r"\s*(Cell In\[|File )")  # a frame's header, as IPython or Python prints it
BODY = re.compile(r"\s+\S|-+> ")
MARGIN = re.compile(r"\s*(-+>)?\s*(\d+ )?")
PLACE = re.compile(r"line (\d+)(?:, in (\w+))?")
CHARACTERS = 8_000


def own_frames(traceback: Iterable[str], sources: Iterable[str]) -> str:
    """Return the frames of a traceback that show a line of these sources, or are in a function defined there.

    A student does not see the frames of libraries and tests, nor paths on this machine.
    """
    text = "\n".join(sources)
    own_lines = {line.strip() for line in text.splitlines()} - {""}
    defined = set(re.findall(r"\bdef\s+(\w+)", text))
    blocks = [block for block in _blocks(traceback) if _is_own(block, own_lines, defined)]
    shown = "\n".join(line for header, *body in blocks for line in [_place(header), *body])
    return shown if len(shown) <= CHARACTERS else "…" + shown[-CHARACTERS:]


def _blocks(traceback: Iterable[str]) -> list[list[str]]:
    """Return the frames, each a header and the lines of code below it."""
    blocks: list[list[str]] = []
    inside = False
    for line in "\n".join(traceback).split("\n"):
        if HEADER.match(line):
            blocks.append([line])
            inside = True
        elif inside and BODY.match(line):
            blocks[-1].append(line)
        else:
            inside = False
    return blocks


def _is_own(block: list[str], own_lines: set[str], defined: set[str]) -> bool:
    header, *body = block
    marked = [line for line in body if line.lstrip().startswith("--")] or body
    if marked:
        return any(MARGIN.sub("", line, count=1).strip() in own_lines for line in marked)
    place = PLACE.search(header)
    return place is not None and place[2] in defined


def _place(header: str) -> str:
    """Return a frame's place, for example ``line 2, in double``, without the cell's name in the sandbox."""
    place = PLACE.search(header)
    return place[0] if place else "in your code"
