# Writes on the files 1 and 2 themselves, from Python and from C, and on the terminal.
# earns: double<=3
# %% double
import contextlib
import ctypes
import os

libc = ctypes.CDLL(None)
for _ in range(20):
    with contextlib.suppress(OSError):
        os.write(1, b"x" * 1_000_000)
        os.write(2, b"x" * 1_000_000)
    libc.puts(b"y" * 1_000_000)
libc.fflush(None)
with contextlib.suppress(OSError), open("/dev/tty", "w") as terminal:
    terminal.write("{loot}"[::-1])


def double(x):
    os.write(1, b"z" * 1_000_000)
    return 2 * x
