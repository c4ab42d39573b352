# Thirty processes of 100 MB: each below a limit that counts one at a time.
# limits: cell_seconds=1.5
# %% double
import os
import signal
import time


def double(x):
    for _ in range(30):
        if os.fork() == 0:
            signal.alarm(30)
            held = bytearray(b"x") * (100 << 20)
            time.sleep(1200 if held else 0)
            os._exit(0)
    time.sleep(1200)
    return 2 * x
