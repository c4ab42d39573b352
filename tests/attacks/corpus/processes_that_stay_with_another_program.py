# Leaves a program running that has nothing to do with Python's process group, pipes or name.
# earns: double=3
# %% double
import subprocess
import sys

subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(60)", "{marker}"],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    start_new_session=True,
    close_fds=True,
)


def double(x):
    return 2 * x
