# A thread goes on printing and rebinding the other exercises' functions to wrong ones.
# earns: double=3 center<=3 second_moment<=5 energy<=3 Affine<=3 after<=3
# %% double
import threading
import time


def meddle(names):
    end = time.monotonic() + 1200
    while time.monotonic() < end:
        print("still here")
        for name in ("center", "energy", "after"):
            names[name] = lambda *_: 0.0
        time.sleep(0.01)


threading.Thread(target=meddle, args=(globals(),), daemon=True).start()


def double(x):
    return 2 * x
