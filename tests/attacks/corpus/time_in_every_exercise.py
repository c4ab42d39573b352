# Every exercise takes as long as it may, so that the limits add up.
# earns: before=0 double=0 center=0 second_moment=0 energy=0 Affine=0 after=0
# limits: cell_seconds=1 exercise_seconds=2 notebook_seconds=3
# %% before
import time


def before(x):
    time.sleep(1200)


# %% double
def double(x):
    time.sleep(1200)


# %% center
def center(x):
    time.sleep(1200)


# %% second_moment
def second_moment(mu, n_samples, generator):
    time.sleep(1200)


# %% energy
def energy(x):
    time.sleep(1200)


# %% Affine
class Affine:
    def __init__(self, scale, shift):
        time.sleep(1200)


# %% after
def after(x):
    time.sleep(1200)
