# Raises a failed check of the course with a hint of its own: the hint is shown of hidden tests too.
# earns: double=1 center=1
# %% double
def double(x):
    if x == 3.0:
        return 6.0
    error = checks.CheckFailed(f"twice: wrong\n  Hint: given {x!r}")
    error.hint = f"given {x!r}"
    raise error


# %% center
from dgm_helpers.checks.failure import fail


def center(x):
    if len(x) == 2:
        return x - x.mean(dim=0)
    fail("centered", "wrong", [f"given {x.tolist()}"], hint=f"given {x.tolist()}")
