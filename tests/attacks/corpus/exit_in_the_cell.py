# os._exit in the cell, right answer or not.
# %% double
import os


def double(x):
    return 2 * x


os._exit(0)
