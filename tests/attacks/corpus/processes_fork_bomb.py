# Three hundred processes, as fast as they can be had, each ending after 20 seconds.
# limits: cell_seconds=1.5
# %% double
import os
import signal
import time


def double(x):
    for _ in range(300):
        try:
            if os.fork() == 0:
                signal.alarm(20)
                time.sleep(1200)
                os._exit(0)
        except OSError:
            time.sleep(0.1)
    time.sleep(1200)
    return 2 * x
