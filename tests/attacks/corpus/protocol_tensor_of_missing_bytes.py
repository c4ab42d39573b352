# A tensor whose header tells of more, fewer or other bytes than come with it.
# earns: before=0 double=0 center=0 second_moment<=5 energy=0 Affine<=3 after=0
# %% before
from autograder.wire.results import ResultEncoder

written = {}
_message = ResultEncoder.message


def message(self, value):
    return ([], written["now"]) if "now" in written else _message(self, value)


ResultEncoder.message = message


def before(x):
    written["now"] = ["T", "float64", [1000]]


# %% double
def double(x):
    written["now"] = ["T", "float64", [-1, True]]


# %% center
def center(x):
    written["now"] = ["T", "float64", [0, (1 << 40) - 1, (1 << 40) - 1]]


# %% energy
def energy(x):
    written["now"] = ["A", "O", [1]]


# %% after
def after(x):
    written["now"] = ["T", "qint8", ["x"]]
