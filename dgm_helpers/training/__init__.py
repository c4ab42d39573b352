"""Training: one loop that a person can read, and the table of what happened in it."""

from dgm_helpers.training.history import History
from dgm_helpers.training.loop import fit

__all__ = ["History", "fit"]
