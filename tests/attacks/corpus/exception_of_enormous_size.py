# Messages of 50 MB, names of a megabyte, chains of ten thousand causes, groups of groups, a circle.
# %% double
def double(x):
    raise type("N" * 1_000_000, (Exception,), {})("x" * 50_000_000)


# %% center
def center(x):
    error = ValueError("first")
    for number in range(10_000):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following
    raise error


# %% energy
def energy(x):
    error = ValueError("first")
    for _ in range(5000):
        error = ExceptionGroup("group", [error, ValueError("second")])
    raise error


# %% Affine
class Affine:
    def __init__(self, *_):
        one, other = ValueError("one"), ValueError("other")
        one.__cause__, other.__context__ = other, one
        raise one
