# Takes as long, and as much memory, as the hidden input says.
# earns: double<=3
# limits: cell_seconds=3
# %% double
import time


def double(x):
    if x != 3.0:
        held = bytearray(int(x) * 100_000)
        time.sleep(x / 2000)
        del held
    return 2 * x
