# Answers at once, and holds the interpreter in a thread when the next question comes.
# earns: double<=3 center<=3 second_moment<=5 energy<=3 Affine<=3 after<=3
# limits: cell_seconds=1 exercise_seconds=2 notebook_seconds=6
# %% double
import re
import threading
import time


def hold():
    time.sleep(0.05)
    re.match(r"(a+)+$", "a" * 60 + "b")


def double(x):
    threading.Thread(target=hold, daemon=True).start()
    return 2 * x
