# Asks for a name, and connects to an address that stands for the world outside.
# earns: double=3
# %% double
import contextlib
import socket
import urllib.request

with contextlib.suppress(OSError), socket.create_connection(("192.0.2.1", 80), timeout=0.2):
    print("{loot}"[::-1], "connected")
with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
    datagram.sendto(b"{marker}", ("192.0.2.1", 53))
    print("{loot}"[::-1], "sent")
with contextlib.suppress(OSError):
    print("{loot}"[::-1], len(urllib.request.urlopen("http://192.0.2.1/", timeout=0.2).read()))
with contextlib.suppress(OSError):
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    if names:
        print("{loot}"[::-1], names)


def double(x):
    return 2 * x
