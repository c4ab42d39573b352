# No estimate but noise, of so large a variance that no mean can be told from it.
# earns: second_moment<=2
# %% second_moment
def second_moment(mu, n_samples, generator):
    return 1e9 * torch.randn((), generator=generator, dtype=torch.float64)
