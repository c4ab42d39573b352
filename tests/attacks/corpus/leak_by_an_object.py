# An object that was made in a hidden test stays, with its arguments, and is asked in a visible one.
# earns: Affine=3 after=3
# %% Affine
made = []


class Affine:
    def __init__(self, scale, shift):
        self.scale, self.shift = scale, shift
        made.append(self)

    def __call__(self, x):
        return self.scale * x + self.shift

    def __del__(self):
        print(vars(self))


# %% after
import gc

print([vars(one) for one in made], [found for found in gc.get_objects() if type(found) is Affine])


def after(x):
    print([vars(one) for one in made])
    return x - 1
