# abort, and signals that end a process in other ways than exit does.
# earns: double=0 center<=3 energy=0
# %% double
import os
import signal


def double(x):
    os.abort()


# %% center
def center(x):
    signal.raise_signal(signal.SIGTERM)
    return x - x.mean(dim=0)


# %% energy
def energy(x):
    signal.raise_signal(signal.SIGSEGV)
    os._exit(0)
