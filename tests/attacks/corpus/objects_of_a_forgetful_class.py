# A class whose objects delete themselves, whose attributes cannot be read, and whose length is negative.
# %% Affine
class Affine:
    def __init__(self, scale, shift):
        object.__setattr__(self, "scale", scale)

    def __getattribute__(self, name):
        raise SystemExit(name)

    def __len__(self):
        return -1

    def __repr__(self):
        raise RecursionError

    def __call__(self, x):
        del self
        return 3.0
