"""Data sets: ``load("digits")``, ``load("mnist_10k")``, ``load("mnist")``; Gaussians; binarisation."""

from dgm_helpers.data.dataset import Dataset
from dgm_helpers.data.registry import EMBEDDED, load, names
from dgm_helpers.data.sampling import binarize, gaussian

__all__ = ["EMBEDDED", "Dataset", "binarize", "gaussian", "load", "names"]
