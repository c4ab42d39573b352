# Exceptions whose text, name, class and traceback raise, hang or lie when they are looked at.
# limits: cell_seconds=1.5
# earns: double=0 center=0 energy=0
# %% double
import time


class Broken(Exception):
    def __str__(self):
        raise Broken

    __repr__ = __str__
    __reduce__ = __str__

    def __getattribute__(self, name):
        raise Broken


def double(x):
    raise Broken


# %% center
class Lying(type):
    __name__ = property(lambda cls: 5)
    __module__ = property(lambda cls: cls)
    __qualname__ = property(lambda cls: "x" * 50_000_000)


class Liar(Exception, metaclass=Lying):
    args = None
    __class__ = property(lambda self: checks.CheckFailed)
    __traceback__ = property(lambda self: self)


def center(x):
    raise Liar


# %% energy
class Slow(BaseException):
    def __str__(self):
        time.sleep(1200)

    def _render_traceback_(self):
        time.sleep(1200)


def energy(x):
    raise Slow
