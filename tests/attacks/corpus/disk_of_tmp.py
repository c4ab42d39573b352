# Writes 300 MB in the temporary folder, whatever a single write says.
# earns: double<=3
# %% double
import contextlib
import tempfile
from pathlib import Path

for number in range(30):
    with contextlib.suppress(OSError), open(Path(tempfile.gettempdir()) / f"{number}", "wb") as file:
        for _ in range(10):
            file.write(bytes(1 << 20))


def double(x):
    return 2 * x
