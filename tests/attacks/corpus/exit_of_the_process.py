# os._exit in a call: no clean-up, status 0.
# %% double
import os


def double(x):
    os._exit(0)
