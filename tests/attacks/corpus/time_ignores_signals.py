# Ignores every signal that can be ignored, blocks the others, and loops.
# limits: cell_seconds=1.5
# %% double
import contextlib
import signal
import time


def double(x):
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    end = time.monotonic() + 1200
    while time.monotonic() < end:
        pass
    return 2 * x
