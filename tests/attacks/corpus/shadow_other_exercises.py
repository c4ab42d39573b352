# A late cell defines the names of earlier exercises, and an early one those of later ones.
# earns: double=3 center=3
# %% double
def double(x):
    return 2 * x


def center(x):
    return x - x.mean(dim=0)


def energy(x):
    return 0.0


# %% center
before = double = None
