# A number of a million digits, a text of 100 MB, a list of ten million entries.
# earns: double=0 center=0 energy=0
# %% double
def double(x):
    return 1 << 4_000_000


# %% center
def center(x):
    return "x" * 100_000_000


# %% energy
def energy(x):
    return [0.0] * 10_000_000
