# Connects to a server on the host itself, by address, by name and by datagram.
# earns: double=3
# %% double
import contextlib
import socket

for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {port})),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", {port})),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", {port})),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\0{abstract}"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "{canary}/socket"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"),
    (socket.AF_UNIX, socket.SOCK_DGRAM, "/dev/log"),
):
    with contextlib.suppress(OSError), socket.socket(family, kind) as connection:
        connection.settimeout(0.2)
        connection.connect(address)
        connection.send(b"{marker}")
        if kind != socket.SOCK_DGRAM:
            print("{loot}"[::-1], address)


def double(x):
    return 2 * x
