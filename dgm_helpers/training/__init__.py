"""Training: one readable loop, and the history of the loss's terms."""

from dgm_helpers.training.history import History
from dgm_helpers.training.loop import fit

__all__ = ["History", "fit"]
