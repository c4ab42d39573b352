# Spoils the generator that it was given: seeds of every kind, a state of no generator.
# earns: second_moment<=5
# %% second_moment
import contextlib


def second_moment(mu, n_samples, generator):
    z = mu + torch.randn(n_samples, generator=generator, dtype=torch.float64)
    generator.manual_seed(0)
    with contextlib.suppress(RuntimeError, TypeError):
        generator.set_state(torch.zeros(5056, dtype=torch.uint8))
    generator.seed()
    return (z**2).mean()
