# Sends a thousand answers to questions that have not been asked, from a thread that goes on with it.
# earns: double=0 center<=3 second_moment<=5 energy<=3 Affine<=3 after<=3
# %% double
import contextlib
import json
import os
import struct
import threading
import time

ANSWERS = [
    {"value": True, "live": []},
    {"outputs": [], "error": None},
    {"value": None},
    {},
    {"missing": True},
]


def flood():
    end = time.monotonic() + 5
    number = 0
    while time.monotonic() < end:
        number += 1
        text = json.dumps(ANSWERS[number % len(ANSWERS)]).encode()
        for file in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(file, struct.pack("<QIQ", number % 2000, len(text), 0) + text)
        time.sleep(0.001)


def double(x):
    threading.Thread(target=flood, daemon=True).start()
    return 3 * x
