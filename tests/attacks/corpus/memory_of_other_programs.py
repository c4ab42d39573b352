# Ten other programs of 250 MB, each smaller than the libraries that a student's process begins with.
# limits: cell_seconds=1.5
# %% double
import subprocess
import sys
import time

hog = "import time; held = bytearray(b'x') * (250 << 20); time.sleep(20)"


def double(x):
    for _ in range(10):
        subprocess.Popen([sys.executable, "-I", "-S", "-c", hog], close_fds=True)
    time.sleep(1200)
    return 2 * x
