"""Who comes next: answers honestly, and prints whatever an earlier submission may have left."""

import contextlib
import ctypes
import glob
import os
import socket

SHMGET, SEMGET, MSGGET, REQUEST_KEY = 29, 64, 68, 249  # numbers of x86-64
MARKER = "{marker}"

for pattern in ("/tmp/**", "/dev/**", "/run/**", "/var/tmp/**", "/*", "~/.*", "./**", "/course/*"):
    print(sorted(glob.glob(os.path.expanduser(pattern), recursive=True)))
for pattern in ("/proc/*/cmdline", "/proc/net/unix", "/proc/sysvipc/*", "/tmp/*", "/dev/shm/*"):
    for path in filter(os.path.isfile, glob.glob(pattern)):
        with contextlib.suppress(OSError), open(path, "rb") as file:
            print(path, file.read(10_000))
for address in (f"\0{MARKER}", f"/tmp/{MARKER}"):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        print("connected to", address)
libc = ctypes.CDLL(None)
for call in (SHMGET, MSGGET):
    if libc.syscall(call, 0x5EC2E7, 1 if call == SHMGET else 0, 0) >= 0:
        print("memory or a queue of", MARKER)
if (
    libc.syscall(SEMGET, 0x5EC2E7, 1, 0) >= 0
    or libc.syscall(REQUEST_KEY, b"user", MARKER.encode(), None, 0) >= 0
):
    print("a semaphore or a key of", MARKER)
print(dict(os.environ), torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads())  # noqa: F821


def after(x):
    return x - 1
