"""Text from a submission, made fit to be shown: whatever a reader cannot see becomes something that can be seen."""

from __future__ import annotations

import re
import unicodedata

COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # what terminals colour text with; it says nothing
SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
MARKS = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILED_UP = re.compile(f"({MARKS}{{3}}){MARKS}+")  # on one letter they reach into the lines above and below
JOINERS = "\u200c\u200d"  # between letters of some scripts, and inside emoji
NAMES = {0x7F: "␡", **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}}


def plain(text: str, most: int | None = None) -> str:
    """Return the text with line breaks and tabs, and every other invisible character as a visible sign.

    Control characters, escape sequences, marks that turn the direction of reading, and halves of surrogate pairs
    can hide text, reorder it, or break the file that it is written to. What is left can be written as UTF-8.

    Args:
        text: anything.
        most: number of characters after which it is cut, with a note that says so.
    """
    cut = 0
    if most is not None and len(text) > most:
        cut, text = len(text) - most, text[:most]
    text = COLOUR.sub("", text.replace("\r\n", "\n"))
    text = PILED_UP.sub(r"\1…", SUSPECT.sub(_visible, text))
    return f"{text}\n… {cut:,} more characters were cut" if cut else text


def line(text: str, most: int = 200) -> str:
    """Return the text as one line, for a table, a title or the terminal."""
    flat = " ".join(plain(text[: 4 * most]).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code in NAMES:
        return NAMES[code]
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    hidden = category in ("Cc", "Cf", "Zl", "Zp") or (code & 0xFFFE) == 0xFFFE
    return f"⟨U+{code:04X}⟩" if hidden and character not in JOINERS else character
