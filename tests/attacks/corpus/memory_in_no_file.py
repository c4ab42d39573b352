# Files in memory that have no name and are mapped nowhere, up to 3 GB.
# limits: cell_seconds=1.5
# %% double
import os
import time


def double(x):
    held = []
    for number in range(48):
        held.append(os.memfd_create(str(number)))
        for _ in range(64):
            os.write(held[-1], bytes(1 << 20))
    time.sleep(1200)
    return 2 * x
