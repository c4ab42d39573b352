# A function that returns itself, one that returns a coroutine, one that never says what it is.
# earns: double=0 center=0 energy=0 after=0
# %% double
def double(x):
    return double


# %% center
async def center(x):
    return x - x.mean(dim=0)


# %% energy
def energy(x):
    yield 0.5 * (x**2).sum()


# %% after
def after(x):
    return type(x - 1)
