# Tells the judge that arguments were changed which were not, or which it never gave.
# earns: double=3 centre=0
# %% double
from autograder.wire.arguments import ArgumentDecoder


def double(x):
    ArgumentDecoder.changed = lambda self: [0, -1, 1 << 40, "x", None]
    return 2 * x


# %% centre
def centre(x):
    ArgumentDecoder.changed = lambda self: list(range(100_000))
    return torch.zeros_like(x)
