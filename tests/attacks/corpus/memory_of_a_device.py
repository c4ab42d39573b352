# Shared memory by way of a device, written to and then unmapped page by page.
# earns: double<=3
# %% double
import contextlib
import mmap
import os
import signal
import time

held = []
for _ in range(8):
    if os.fork() == 0:
        signal.alarm(20)
        for _ in range(6):
            with contextlib.suppress(OSError, ValueError):
                held.append(mmap.mmap(os.open("/dev/zero", os.O_RDWR), 50 << 20))
                held[-1].write(b"x" * (50 << 20))
                held[-1].madvise(mmap.MADV_DONTNEED)
        time.sleep(20)
        os._exit(0)
time.sleep(1.5)


def double(x):
    return 2 * x
