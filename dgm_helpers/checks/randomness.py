"""The random inputs of test cells: fixed in a student's notebook, drawn anew where a submission is graded."""

import os
import zlib

import torch

SEED_VARIABLE = "DGM_CHECK_SEED"


def generator(label: str) -> torch.Generator:
    """Return a generator for one test cell's inputs.

    Its seed comes from the label alone in a student's notebook, so that a failure comes back when
    the cell is run again; with the environment variable ``DGM_CHECK_SEED`` set, from that too (0 is the same as unset).

    Args:
        label: which cell draws, for example ``"03/score/hidden"``.

    Raises:
        ValueError: if ``DGM_CHECK_SEED`` is no whole number.
    """
    base = os.environ.get(SEED_VARIABLE) or "0"
    try:
        number = int(base)
    except ValueError:
        raise ValueError(f"{SEED_VARIABLE} is {base!r}; it must be a whole number, or unset") from None
    # crc32, because Python's own hash of a string differs from process to process.
    return torch.Generator().manual_seed(zlib.crc32(f"{number}/{label}".encode()))
