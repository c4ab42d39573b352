# Each call is short, and a test makes forty of them.
# earns: second_moment<=2
# limits: cell_seconds=1.5
# %% second_moment
import time


def second_moment(mu, n_samples, generator):
    time.sleep(1.0)
    z = mu + torch.randn(n_samples, generator=generator, dtype=torch.float64)
    return (z**2).mean()
