# Sends half an answer and then nothing, with everything held open.
# limits: cell_seconds=1.5
# %% double
import contextlib
import os
import struct
import time


def double(x):
    for number in range(3, 4096):
        with contextlib.suppress(OSError):
            os.write(number, struct.pack("<QIQ", 1, 1000, 0) + b'{"value": ')
    time.sleep(1200)
