# Writes into the grade book, the solutions, the journal and the host's own files, or removes them.
# earns: double=3
# %% double
import contextlib
import os
import shutil

for name in (
    "gradebook.db",
    "solutions/01_toy/toy.ipynb",
    ".grading/01_toy.jsonl",
    "new",
    "submitted/ada/01_toy/toy.ipynb",
):
    with contextlib.suppress(OSError), open(f"{canary}/{name}", "ab") as file:
        file.write(b"{marker}")
        print("{loot}"[::-1], name)
with contextlib.suppress(OSError):
    os.symlink("/etc/passwd", "{canary}/link")
shutil.rmtree("{canary}", ignore_errors=True)


def double(x):
    return 2 * x
