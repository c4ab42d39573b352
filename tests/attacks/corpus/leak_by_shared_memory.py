# Memory that forked processes share, made in the cell, tells a later cell what a fork of its process was given.
# earns: double=3 after=3
# %% double
import contextlib
import io
import mmap
import os

shared = io.BytesIO()
with contextlib.suppress(OSError):
    shared = mmap.mmap(-1, 4096)
inward, outward = os.pipe()
os.set_blocking(inward, False)


def double(x):
    shared.write(f"{x!r} ".encode())
    os.write(outward, f"{x!r} ".encode())
    return 2 * x


# %% after
def tell():
    shared.seek(0)
    print(shared.read().strip(b"\0").decode())
    with contextlib.suppress(OSError):
        print(os.read(inward, 4096).decode())


tell()


def after(x):
    tell()
    return x - 1
