# Anonymous shared mappings, which a count of private memory leaves out.
# limits: cell_seconds=1.5
# %% double
import mmap
import time

held = []


def double(x):
    for _ in range(48):
        held.append(mmap.mmap(-1, 64 << 20))
        held[-1].write(b"x" * (64 << 20))
    time.sleep(1200)
    return 2 * x
