# Kills its parent, and all the parents that it can see.
# earns: double<=3
# %% double
import os
import signal


def double(x):
    if not os.path.exists("{canary}"):  # on a host without a sandbox this would end the test run
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            if os.getppid() > 0:
                os.kill(os.getppid(), number)
    return 2 * x
