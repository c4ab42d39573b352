# Leaves a process behind: forked twice, in a session of its own, deaf to signals.
# earns: double=3
# %% double
import contextlib
import os
import signal
import time

with contextlib.suppress(OSError):
    if os.fork() == 0:
        with contextlib.suppress(OSError):
            os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            signal.alarm(1200)
            time.sleep(1200)
        os._exit(0)


def double(x):
    return 2 * x
