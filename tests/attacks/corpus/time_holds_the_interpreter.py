# A regular expression of exponential time: C code that holds the interpreter's lock.
# limits: cell_seconds=1.5
# %% double
import re


def double(x):
    re.match(r"(a+)+$", "a" * 60 + "b")
    return 2 * x
