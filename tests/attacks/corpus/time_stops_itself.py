# Stops itself with SIGSTOP: it neither ends nor uses time.
# earns: double<=3
# %% double
import os
import signal


def double(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 2 * x
