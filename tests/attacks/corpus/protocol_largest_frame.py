# Sends the largest message that is read, header and body, full of small lists.
# %% double
import contextlib
import os
import struct


def double(x):
    header = b"[" + b"[]," * 5_000_000 + b"[]]"
    for number in range(3, 4096):
        with contextlib.suppress(OSError):
            for part in (struct.pack("<QIQ", 1, len(header), 0), header):
                while part:
                    part = part[os.write(number, part) :]
    return 2 * x
