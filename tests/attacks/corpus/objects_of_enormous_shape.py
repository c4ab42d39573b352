# One number in memory, a million million by its shape; also with no entry at all, and with a hundred axes.
# earns: double=0 center=0 energy=0 second_moment=0
# %% double
def double(x):
    return torch.tensor(2 * x).expand(10**12)


# %% center
def center(x):
    return torch.empty(0, 1 << 39, 1 << 20)


# %% energy
def energy(x):
    return (0.5 * (x**2).sum()).expand(1 << 20, 1 << 20)


# %% second_moment
def second_moment(mu, n_samples, generator):
    return torch.tensor(mu**2 + 1).reshape((1,) * 60)
