"""Memory that the C library keeps for the next tensors."""

import torch


def keep_freed_memory() -> None:
    """Let the C library keep freed memory of up to 62 MB for the next tensors, in place of giving it back at once.

    Blocks that were given back come as pages that the system has to map anew at their first use, which takes as long
    as simple arithmetic on them. glibc keeps twice as much as the largest block that was freed so far, up to a limit
    (mallopt(3), M_MMAP_THRESHOLD): one block just below it is enough, which nobody writes to. Elsewhere this does
    nothing.
    """
    torch.empty(31 << 20, dtype=torch.uint8)
