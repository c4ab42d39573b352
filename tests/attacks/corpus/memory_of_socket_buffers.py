# Sockets that nobody reads, filled to the brim, in forty processes.
# earns: double<=3
# %% double
import contextlib
import os
import signal
import socket
import time

held = []
for _ in range(40):
    if os.fork() == 0:
        signal.alarm(20)
        with contextlib.suppress(OSError):
            for _ in range(500):
                pair = socket.socketpair()
                held.append(pair)
                for end in pair:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                    end.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            end.send(bytes(1 << 16))
        time.sleep(20)
        os._exit(0)
time.sleep(1.5)


def double(x):
    return 2 * x
