# Exceptions that mean something to Python itself: end of a loop, of a generator, of the program, Ctrl-C.
# earns: before=0 double=0 center=0 second_moment<=1 energy=0 Affine=0 after=0
# %% before
def before(x):
    raise StopIteration(x + 1)


# %% double
def double(x):
    raise KeyboardInterrupt


# %% center
def center(x):
    raise GeneratorExit


# %% second_moment
def second_moment(mu, n_samples, generator):
    raise StopIteration


# %% energy
def energy(x):
    raise SystemExit(0)


# %% Affine
class Affine:
    def __init__(self, *_):
        raise StopAsyncIteration


# %% after
class Own(BaseException):
    pass


def after(x):
    raise Own
