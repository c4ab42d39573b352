# NaN is neither larger nor smaller than any tolerance; infinity is as far from everything.
# earns: double=0 center=0 energy=0 second_moment=0
# %% double
def double(x):
    return float("nan")


# %% center
def center(x):
    return torch.full_like(x, float("inf"))


# %% energy
def energy(x):
    return 0.5 * (x**2).sum() * float("nan")


# %% second_moment
def second_moment(mu, n_samples, generator):
    return torch.tensor(float("nan") if n_samples == 5 else float("-inf"))
