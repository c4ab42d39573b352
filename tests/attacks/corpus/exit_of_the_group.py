# Kills its process group.
# %% double
import os
import signal


def double(x):
    if not os.path.exists("{canary}"):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)
