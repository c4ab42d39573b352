# Twenty thousand empty files and folders in the working folder.
# earns: double<=3
# %% double
import contextlib
import os

for number in range(10_000):
    with contextlib.suppress(OSError):
        os.mkdir(f"folder{number}")
        open(f"folder{number}/file", "w").close()


def double(x):
    return 2 * x
