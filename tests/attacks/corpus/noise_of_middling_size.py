# Noise again, of just the size at which it is told neither from the right mean nor from too much of itself.
# earns: second_moment<=2
# %% second_moment
def second_moment(mu, n_samples, generator):
    size = (mu**2 + 1) * 40**0.5 / 4.5  # the mean of forty is off by 4.5 standard errors, 5.6 are allowed
    return size * torch.randn((), generator=generator, dtype=torch.float64)
