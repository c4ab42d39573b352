# Names that are no functions: a mock, a module, a class, a number, a generator.
# earns: before=0 double=0 center=0 energy=0 second_moment=0 Affine=0 after=0
# %% before
from unittest.mock import MagicMock

before = MagicMock(return_value=MagicMock())


# %% double
double = 6.0


# %% center
center = checks


# %% energy
energy = torch.Tensor


# %% second_moment
second_moment = (number for number in [1.25] * 100)


# %% Affine
class Meta(type):
    def __call__(cls, *_):
        return cls

    def __getattr__(cls, name):
        return cls

    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class Affine(metaclass=Meta):
    pass


# %% after
after = None
