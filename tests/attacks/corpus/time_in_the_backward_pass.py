# The right value at once, and a gradient that never comes.
# limits: cell_seconds=1.5
# %% energy
import time


class Slow(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 0.5 * (x**2).sum()

    @staticmethod
    def backward(ctx, grad):
        time.sleep(1200)


def energy(x):
    return Slow.apply(x)
