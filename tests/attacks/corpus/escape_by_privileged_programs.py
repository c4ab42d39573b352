# Programs that run with another user's rights, and a right of its own.
# earns: double=3
# %% double
import contextlib
import os
import subprocess

if not os.path.exists("{canary}"):
    for command in (
        ["su", "-c", "id"],
        ["sudo", "-n", "id"],
        ["mount"],
        ["bwrap", "--version"],
        ["nsenter", "-t1"],
    ):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(command, capture_output=True, timeout=1, stdin=subprocess.DEVNULL).stdout
            if b"uid=" in said or b"{canary}" in said:
                print("{loot}"[::-1], command)
    for change in (os.setuid, os.setgid):
        for number in (0, 1, 65534):
            with contextlib.suppress(OSError):
                before = os.getuid(), os.getgid()
                change(number)
                if (os.getuid(), os.getgid()) != before:
                    print("{loot}"[::-1], number)
with contextlib.suppress(OSError), open("/proc/self/status") as file:
    rights = [line for line in file if line.startswith(("CapEff", "CapPrm"))]
    if any(int(line.split()[1], 16) for line in rights):
        print("{loot}"[::-1], rights)


def double(x):
    return 2 * x
