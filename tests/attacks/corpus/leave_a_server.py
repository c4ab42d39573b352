# Leaves sockets behind that listen for the next submission: abstract, on a port, on a path.
# earns: double=3
# %% double
import contextlib
import os
import signal
import socket
import time

held, child = [], -1
with contextlib.suppress(OSError):
    child = os.fork()
if child <= 0:  # in a process of its own, or in this one where there can be no other
    with contextlib.suppress(OSError):
        os.setsid()
    for family, address in (
        (socket.AF_UNIX, "\0{marker}"),
        (socket.AF_UNIX, "/tmp/{marker}"),
        (socket.AF_INET, ("127.0.0.1", 48_123)),
    ):
        with contextlib.suppress(OSError):
            server = socket.socket(family)
            server.bind(address)
            server.listen()
            held.append(server)
if child == 0:
    signal.alarm(1200)
    time.sleep(1200)
    os._exit(0)


def double(x):
    return 2 * x
