# Fills memory with what Python allocates, up to 3 GB, and holds it for a while.
# limits: cell_seconds=1.5
# %% double
import time


def double(x):
    held = [bytearray(b"x") * (64 << 20) for _ in range(48)]
    time.sleep(1200)
    return 2 * x if held else 0
