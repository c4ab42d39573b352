# Prints 50 MB, a line at a time and in one piece, in the cell and in the call.
# earns: double<=3
# %% double
import sys

print("x" * 25_000_000)
for _ in range(25_000):
    print("y" * 1000, file=sys.stderr)


def double(x):
    print("z" * 25_000_000)
    return 2 * x
