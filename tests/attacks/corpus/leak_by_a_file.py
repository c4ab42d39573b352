# Writes hidden inputs into files, to be read by a later cell: temporary ones, working folder, home.
# earns: double=3 after=3
# %% double
import contextlib
import tempfile

places = [tempfile.gettempdir(), ".", "/dev/shm", "/var/tmp", "/dev", "/"]


def double(x):
    for place in places:
        with contextlib.suppress(OSError), open(f"{place}/seen", "a") as file:
            file.write(f"{x!r}\n")
    return 2 * x


# %% after
import pathlib

for place in places:
    with contextlib.suppress(OSError):
        print(pathlib.Path(f"{place}/seen").read_text())


def after(x):
    for place in places:
        with contextlib.suppress(OSError):
            print(pathlib.Path(f"{place}/seen").read_text())
    return x - 1
