# Waits for somebody to type, at Python's level and at the file's.
# limits: cell_seconds=1.5
# earns: double<=3
# %% double
import os


def double(x):
    try:
        input("the answer? ")
    except Exception:
        os.read(0, 1)
    return 2 * x
