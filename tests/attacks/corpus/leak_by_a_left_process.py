# A process that was left behind, or else a thread, keeps what it was told and tells a later cell.
# earns: double=3 after=3
# %% double
import contextlib
import os
import socket
import threading


def serve():
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0{marker}")
    server.listen()
    held = b" "
    while True:
        connection, _ = server.accept()
        connection.sendall(held)
        held += connection.recv(4096)
        connection.close()


try:
    if os.fork() == 0:
        with contextlib.suppress(OSError):
            serve()
        os._exit(0)
except OSError:
    threading.Thread(target=serve, daemon=True).start()


def exchange(text):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0.5)
        connection.connect("\0{marker}")
        held = connection.recv(4096)
        connection.sendall(text.encode() or b" ")
        return held.decode()


def double(x):
    exchange(f"{x!r} ")
    return 2 * x


# %% after
print(exchange(""))


def after(x):
    print(exchange(""))
    return x - 1
