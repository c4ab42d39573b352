"""A filter on system calls that no exercise needs, and with which escapes from a sandbox begin.

The kernel runs the filter, a program for its packet-filter machine, at every system call of the process. A denied call
fails with EPERM. See ``man 2 seccomp``. The process cannot start other processes or programs: no exercise needs them,
and a single process is easy to watch and quick to stop.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

# name: (number on x86-64, number on 64-bit ARM); -1 if there is none
DENIED = {
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "memfd_create": (319, 279),  # memory that is counted for no process
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "personality": (135, 92),
    "syslog": (103, 116),
    "fanotify_init": (300, 262),
}
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit's number, column above
X32_BIT = 0x40000000  # marks the second numbering of x86-64
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LOAD, AND, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT = 0, 4  # in the kernel's struct seccomp_data
# The lower halves, on these little-endian machines.
CLONE, CLONE3 = (56, 220), (435, 435)  # as in DENIED
CLONE_THREAD = 0x10000
FIRST_ARGUMENT_AT, THIRD_ARGUMENT_AT, FOURTH_ARGUMENT_AT = 16, 32, 40
SOCKET, MMAP, SETSOCKOPT = (41, 198), (9, 222), (54, 208)  # as in DENIED
SO_SNDBUF, SO_SNDBUFFORCE = 7, 32  # a larger buffer is memory that is counted for no process
AF_UNIX = 1  # the only allowed family: some, such as those of virtual machines, ignore network namespaces
SHARED_ANONYMOUS = 0x21  # memory that can be unmapped, and then is counted for no process
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS


def deny_system_calls() -> None:
    """Install the filter irrevocably; requires ``PR_SET_NO_NEW_PRIVS``.

    Raises:
        OSError: if the kernel refuses the filter, or the machine is not one of ``ARCHITECTURES``.
    """
    if platform.machine() not in ARCHITECTURES:
        known = " or ".join(ARCHITECTURES)
        raise OSError(errno.ENOSYS, f"the machine must be {known}, got {platform.machine()}")
    code = ctypes.create_string_buffer(b"".join(program(platform.machine())))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    filter_ = Program(len(code) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel refuses a filter on system calls")


def program(machine: str) -> list[bytes]:
    """Return the filter's instructions for a machine of ``ARCHITECTURES``."""
    architecture, column = ARCHITECTURES[machine]
    numbers = sorted(columns[column] for columns in DENIED.values() if columns[column] >= 0)
    steps = [
        _instruction(LOAD, ARCHITECTURE_AT),
        _instruction(JUMP_IF_EQUAL, architecture, yes=1),
        _instruction(RETURN, REFUSE),  # in another architecture, the numbers mean different calls
        _instruction(LOAD, NUMBER_AT),
        _instruction(JUMP_IF_AT_LEAST, X32_BIT, no=1),
        _instruction(RETURN, REFUSE),
    ]
    for number in numbers:
        steps += [_instruction(JUMP_IF_EQUAL, number, no=1), _instruction(RETURN, REFUSE)]
    steps += [
        _instruction(JUMP_IF_EQUAL, CLONE3[column], no=1),
        # Its flags lie in memory, which a filter cannot read; libraries then call clone.
        _instruction(RETURN, UNKNOWN),
        _instruction(JUMP_IF_EQUAL, CLONE[column], no=5),
        _instruction(LOAD, FIRST_ARGUMENT_AT),
        _instruction(AND, CLONE_THREAD),
        _instruction(JUMP_IF_EQUAL, CLONE_THREAD, no=1),
        _instruction(RETURN, ALLOW),
        _instruction(RETURN, REFUSE),
        _instruction(JUMP_IF_EQUAL, SOCKET[column], no=4),
        _instruction(LOAD, FIRST_ARGUMENT_AT),
        _instruction(JUMP_IF_EQUAL, AF_UNIX, no=1),
        _instruction(RETURN, ALLOW),
        _instruction(RETURN, REFUSE),
        _instruction(JUMP_IF_EQUAL, MMAP[column], no=4),
        _instruction(LOAD, FOURTH_ARGUMENT_AT),
        _instruction(AND, SHARED_ANONYMOUS),
        _instruction(JUMP_IF_EQUAL, SHARED_ANONYMOUS, no=1),
        _instruction(RETURN, REFUSE),
        _instruction(LOAD, NUMBER_AT),
        _instruction(JUMP_IF_EQUAL, SETSOCKOPT[column], no=4),
        _instruction(LOAD, THIRD_ARGUMENT_AT),
        _instruction(JUMP_IF_EQUAL, SO_SNDBUF, yes=1),
        _instruction(JUMP_IF_EQUAL, SO_SNDBUFFORCE, no=1),
        _instruction(RETURN, REFUSE),
    ]
    return [*steps, _instruction(RETURN, ALLOW)]


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
