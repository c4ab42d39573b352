"""Memory that the C library keeps for the next tensors."""

import torch

from dgm_helpers.kernels import plain


def keep_freed_memory() -> None:
    """Let the C library keep up to 62 MB of freed memory for the next tensors, instead of returning it at once.

    The system must map returned pages again at their next use, which takes as long as simple arithmetic on them. glibc
    keeps twice the size of the largest block freed so far, up to a limit (mallopt(3), M_MMAP_THRESHOLD). One block just
    below the limit is enough, and nothing is written to it. With other C libraries this has no effect.

    The plain version does nothing.
    """
    if not plain():
        torch.empty(31 << 20, dtype=torch.uint8)
