# Leaves a program running that has nothing to do with Python's process group, pipes or name.
# earns: double=3
# %% double
import contextlib
import subprocess
import sys

quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
for session in (True, False):
    with contextlib.suppress(OSError):
        command = [sys.executable, "-c", "import time; time.sleep(1200)", "{marker}"]
        subprocess.Popen(command, start_new_session=session, **quiet)


def double(x):
    return 2 * x
