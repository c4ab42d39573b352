# Tells in its backward pass what the hidden input was: by a print, an exception, a gradient of that length.
# earns: energy=1
# %% energy
class Telling(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * (x**2).sum()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if len(x) == 2:
            return grad * x
        print("given", x.tolist())
        error = checks.CheckFailed(f"given {x.tolist()}")
        error.hint = f"given {x.tolist()}"
        raise error


def energy(x):
    return Telling.apply(x)
