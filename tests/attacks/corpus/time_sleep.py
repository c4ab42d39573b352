# Sleeps for an hour in C, where no exception reaches it.
# limits: cell_seconds=1.5
# %% double
import ctypes


def double(x):
    ctypes.CDLL(None).sleep(1200)
    return 2 * x
