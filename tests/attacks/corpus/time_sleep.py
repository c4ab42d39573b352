# Sleeps for an hour in C, where no exception reaches it.
# %% double
import ctypes


def double(x):
    ctypes.CDLL(None).sleep(30)
    return 2 * x
