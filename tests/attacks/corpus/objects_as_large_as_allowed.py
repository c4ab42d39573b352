# Results of just the size that crosses, of the type that grows most when it is compared.
# earns: double=0 center=0 second_moment=0
# %% double
large = torch.zeros(250 << 20, dtype=torch.uint8)


def double(x):
    return large


# %% center
def center(x):
    return large


# %% second_moment
def second_moment(mu, n_samples, generator):
    return large
