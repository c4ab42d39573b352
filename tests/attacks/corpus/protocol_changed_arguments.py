# Tells the judge that arguments were changed which were not, or which it never gave.
# earns: double=0 center=0 second_moment<=5 energy<=3 Affine<=3 after<=3
# %% double
from autograder.wire.arguments import ArgumentDecoder


def double(x):
    ArgumentDecoder.changed = lambda self: [0, -1, 1 << 40, "x", None]
    return 2 * x


# %% center
def center(x):
    ArgumentDecoder.changed = lambda self: list(range(100_000))
    return torch.zeros_like(x)
