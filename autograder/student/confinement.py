"""The inner wall: privileges that a forked child gives up for good before it runs a submission.

It is inside bubblewrap's wall, which has no network and only the files of the libraries. Here the child gets its own
namespaces, so that it sees no other process and leaves nothing behind, a temporary folder of bounded size, limits on
resources, and no privileges.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from autograder.student.system_calls import deny_system_calls

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x08000000, 0x10000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_MOVE, MS_REC, MS_PRIVATE = 0x2000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECUREBITS = 1, 24, 38, 28
SECUREBITS_LOCKED = 0b101111  # root has no privileges, now or after an exec
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522
FOLDER, STAGING = "/tmp", "/staging"
MOST_FILES = 4096
RESERVED_PIDS = 300  # the kernel assigns them only once
OPEN_FILES = 64  # each open socket may use a few hundred kilobytes that are counted for no process
NICENESS = 5  # the judge and the watching parent have priority

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Make the kernel kill this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)


def enter_namespaces() -> None:
    """Enter new user, mount, process and IPC namespaces; the next fork is the first process in the process namespace.

    Raises:
        OSError: if the kernel refuses.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def close_the_door(disk_bytes: int, threads: int) -> None:
    """Mount private folders, then drop all privileges, in the first process of the namespaces.

    Args:
        disk_bytes: size of the temporary folder.
        threads: the number of threads that must remain possible.

    Raises:
        OSError: if the kernel refuses.
    """
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    if _kernel() >= (
        6,
        14,
    ):  # in older kernels, the number holds for the whole machine, and root would set it here
        Path("/proc/sys/kernel/pid_max").write_text(str(RESERVED_PIDS + threads + 10))
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    options = f"size={disk_bytes},nr_inodes={MOST_FILES},mode=700"
    _mount("tmpfs", STAGING, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for library in _mounted_below(FOLDER):  # needed if the course lies there
        os.makedirs(STAGING + library.removeprefix(FOLDER))
        _mount(library, STAGING + library.removeprefix(FOLDER), "", MS_BIND | MS_REC)
    _mount(STAGING, FOLDER, "", MS_MOVE)
    _mount(FOLDER, "/dev/shm", "", MS_BIND)
    # A shared mapping of /dev/zero would be memory that is counted for no process.
    _mount("/dev/null", "/dev/zero", "", MS_BIND)
    try:
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:  # if part of the outer /proc is covered, as for root, a new one cannot be mounted
        _mount("tmpfs", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0,mode=555")
    os.chdir(FOLDER)
    _drop_privileges()
    deny_system_calls()


def limit_resources(memory_bytes: int, disk_bytes: int, threads: int, cpu_seconds: float) -> None:
    """Limit the resources of this process.

    Args:
        memory_bytes: address space in addition to that of the libraries.
        disk_bytes: maximum size of a file.
        threads: maximum number of this user's threads, which the kernel does not enforce for root.
        cpu_seconds: processor time.
    """
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: disk_bytes,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CPU: int(cpu_seconds) + 5,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = _address_space() + memory_bytes
        limits[resource.RLIMIT_NPROC] = threads
        limits[resource.RLIMIT_MSGQUEUE] = 0
        limits[resource.RLIMIT_MEMLOCK] = 0
    for which, limit in limits.items():
        _, hard = resource.getrlimit(which)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(which, (limit, limit))
    os.nice(NICENESS)


def limit_address_space(memory_bytes: int) -> None:
    """Limit this process's address space to its current size plus ``memory_bytes`` (Linux)."""
    if sys.platform == "linux":
        limit = _address_space() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _kernel() -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _mounted_below(folder: str) -> list[str]:
    """Return the folders that are mounted below a folder."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in points if point.startswith(f"{folder}/") and os.path.isdir(point)]


def _drop_privileges() -> None:
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", PR_SET_SECUREBITS, SECUREBITS_LOCKED, 0, 0, 0)
    for capability in range(LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            break  # the kernel has no further capabilities
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _call(
        "mount",
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )


def _call(name: str, *arguments: object) -> None:
    function: Callable[..., int] = getattr(_libc, name)
    if function(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name} failed: {os.strerror(number)}")
