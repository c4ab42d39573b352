"""Make text from a submission safe to show: invisible characters become visible signs."""

from __future__ import annotations

import re
import unicodedata

COLOR = re.compile(r"\x1b\[[0-9;]*m")  # color codes of terminals, which carry no information
SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
MARKS = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILED_UP = re.compile(
    f"({MARKS}{{3}}){MARKS}+"
)  # many marks on one letter reach into the lines above and below
JOINERS = "\u200c\u200d"  # between letters of some scripts, and inside emoji
NAMES = {0x7F: "␡", **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}}


def plain(text: str, most: int | None = None) -> str:
    """Return the text with every invisible character, except line breaks and tabs, as a visible sign.

    Control characters, escape sequences, marks that turn the direction of reading, and halves of surrogate pairs
    can hide text, reorder it, or break the file that it is written to. The result can be written as UTF-8.

    Args:
        text: any text.
        most: maximum number of characters; the rest is cut, with a note.
    """
    cut = 0
    if most is not None and len(text) > most:
        cut, text = len(text) - most, text[:most]
    text = COLOR.sub("", text.replace("\r\n", "\n"))
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
