# Leaves its mark in shared memory, semaphores, queues and keyrings, which belong to no process.
# earns: double<=3
# %% double
import contextlib
import ctypes
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
with contextlib.suppress(OSError):
    block = shared_memory.SharedMemory("{marker}", create=True, size=64)
    block.buf[:10] = b"{marker}"[:10]
segment = libc.shmget(0x5EC2E7, 4096, 0o1666)
libc.semget(0x5EC2E7, 1, 0o1666)
libc.msgget(0x5EC2E7, 0o1666)
libc.mq_open = getattr(libc, "mq_open", lambda *_: -1)
libc.mq_open(b"/{marker}", 0o102, 0o666, None)
for ring in range(-5, 0):
    libc.syscall(248, b"user", b"{marker}", b"{marker}", 8, ring)


def double(x):
    return 2 * x
