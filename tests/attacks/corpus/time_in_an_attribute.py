# Hangs where a value is merely looked at: in its class, its attributes, its conversion.
# limits: cell_seconds=1.5
# earns: double=0 Affine<=1
# %% double
import time


class Slow:
    @property
    def __class__(self):
        time.sleep(1200)

    def __getattr__(self, name):
        time.sleep(1200)


double = Slow()


# %% Affine
class Affine:
    def __init__(self, scale, shift):
        pass

    def __call__(self, x):
        return 2.0 * x + 1.0

    @property
    def scale(self):
        import time

        time.sleep(1200)
