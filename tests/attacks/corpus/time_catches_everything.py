# Catches whatever is raised to stop it, and goes on sleeping.
# limits: cell_seconds=1.5
# %% double
import time


def double(x):
    end = time.monotonic() + 1200
    while time.monotonic() < end:
        try:
            time.sleep(1200)
        except BaseException:
            continue
    return 2 * x
