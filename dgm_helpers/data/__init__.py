"""Data sets: ``load("mnist_10k")``, ``load("sprites")``, …; renderers of known factors; Gaussians; binarization."""

from dgm_helpers.data.dataset import Dataset
from dgm_helpers.data.factors import Factors, Renderer
from dgm_helpers.data.heads import Heads
from dgm_helpers.data.pixels import intensities
from dgm_helpers.data.registry import ABSENT, DOWNLOADED, EMBEDDED, RENDERED, load, names
from dgm_helpers.data.rendered import rendered
from dgm_helpers.data.sampling import binarize, gaussian
from dgm_helpers.data.sprites import Sprites

__all__ = [
    "ABSENT",
    "DOWNLOADED",
    "EMBEDDED",
    "RENDERED",
    "Dataset",
    "Factors",
    "Heads",
    "Renderer",
    "Sprites",
    "binarize",
    "gaussian",
    "intensities",
    "load",
    "names",
    "rendered",
]
