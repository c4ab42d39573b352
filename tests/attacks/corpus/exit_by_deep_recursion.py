# Recursion without a limit: the stack overflows in C.
# %% double
import sys


def double(x):
    sys.setrecursionlimit(1 << 30)
    return double(x)
