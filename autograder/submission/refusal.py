"""The exception for a submission that cannot be read, with a sentence for each reader."""

from __future__ import annotations


class Refused(Exception):
    """The submission cannot be graded.

    Attributes:
        message: the sentence for the instructor.
        for_student: the sentence for the student, if the student can fix it; else empty.
    """

    def __init__(self, message: str, for_student: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.for_student = for_student


def shown(text: str, most: int = 60) -> str:
    """Return foreign text short, quoted and printable, for use in a sentence."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def listed(names: list[str], most: int = 6) -> str:
    """Return a list of names in words: at most ``most`` names, then the number of the others."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
