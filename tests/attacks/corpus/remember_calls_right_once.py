# Right on the first call, wrong from then on.
# earns: double=0
# %% double
calls = []


def double(x):
    calls.append(x)
    return 2 * x if len(calls) < 3 else 3 * x
