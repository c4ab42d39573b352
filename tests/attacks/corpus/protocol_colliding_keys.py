# A dict of two hundred thousand keys that all have the same hash: reading it takes quadratic time.
# limits: cell_seconds=1.5
# %% double
from autograder.wire.results import ResultEncoder

step = (1 << 61) - 1


def double(x):
    written = ["d", *[[number * step, 0] for number in range(99_000)]]
    ResultEncoder.message = lambda self, value: ([], written)
    return 0
