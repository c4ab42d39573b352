"""What a term of a loss is to be compared with, where the number alone says little: a model's ``landmarks()``."""

from typing import NamedTuple


class Landmark(NamedTuple):
    """A value that a term takes in a known case.

    Attributes:
        value: the term's, in its unit.
        case: when it takes it, in words.
        unit: of the term.
    """

    value: float
    case: str
    unit: str = "nats"
