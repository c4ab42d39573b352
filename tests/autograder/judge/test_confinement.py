"""The inner wall: what a submission's own process may see, do and use."""

import ctypes
import errno
import json
import platform
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
from judging import needs_sandbox, run_there, student
from waiting import ENDLESS_SECONDS, HANG_SECONDS, without_hanging

from autograder.judge.executor import CellError, Limits
from autograder.judge.reply import StudentEnded
from autograder.judge.student_process import Student
from autograder.student import confinement, system_calls
from autograder.student.children import Allowance, Child
from autograder.student.system_calls import ARCHITECTURES, DENIED, program

pytestmark = [pytest.mark.notebook, pytest.mark.security, needs_sandbox]
MIB = 1 << 20
SMALL = Limits(
    cell_seconds=HANG_SECONDS,
    exercise_seconds=HANG_SECONDS,
    notebook_seconds=60.0,
    output_characters=2000,
    memory_bytes=200 * MIB,
    disk_bytes=4 * MIB,
    threads=12,
    result_bytes=MIB,
)
PROLOGUE = """
import ctypes, errno, json, os, resource, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def failure(function, *arguments, **keywords):
    "The number of the error that a call ends with, 0 if it succeeds."
    try:
        function(*arguments, **keywords)
    except OSError as error:
        return error.errno
    return 0
def system_call(number, *arguments):
    return 0 if libc.syscall(number, *arguments) >= 0 else ctypes.get_errno()
"""


def told(process: Student, source: str) -> object:
    """Run a cell that prints JSON and return that."""
    process.allow(HANG_SECONDS)
    answer = run_there(process, source)
    assert answer["error"] is None, answer["error"]
    return json.loads("".join(output["text"] for output in answer["outputs"]))


def killed(source: str, limits: Limits = SMALL) -> CellError:
    """Run a cell that ends its process, and return how the judge tells it."""
    with student(PROLOGUE, limits) as process:
        process.allow(HANG_SECONDS)
        with pytest.raises(StudentEnded, match="ProcessDied"):
            run_there(process, source)
        return process.end(died=True)


@pytest.fixture
def child():
    """A process that is asked and not ended; a parent has one at a time."""
    with student(PROLOGUE, SMALL) as child:
        yield child


def test_it_sees_no_other_process(child):
    pid, seen, parent = told(child, "print(json.dumps([os.getpid(), os.listdir('/proc'), os.getppid()]))")
    assert (pid, parent) == (1, 0)
    assert {name for name in seen if name.isdigit()} <= {"1"}


def test_it_has_no_capability_and_can_get_none(child):
    status = told(
        child,
        """
        PR_GET_DUMPABLE, PR_CAPBSET_READ, PR_GET_SECUREBITS, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP = 3, 23, 27, 39, 21
        header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        libc.capget(header, sets)
        bounding = [number for number in range(41) if libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) > 0]
        print(json.dumps({
            "sets": list(sets), "bounding": bounding, "new": libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
            "filter": libc.prctl(PR_GET_SECCOMP), "bits": libc.prctl(PR_GET_SECUREBITS),
            "ids": [*os.getresuid(), *os.getresgid()], "uid": failure(os.setuid, 0), "root": failure(os.chroot, "/tmp"),
        }))
        """,
    )
    filtered = 2 if platform.machine() in ARCHITECTURES else 0
    assert status["sets"] == [0] * 6
    assert status["bounding"] == []
    assert (status["new"], status["filter"]) == (1, filtered)
    assert status["bits"] & 0b101111 == 0b101111
    assert set(status["ids"]) == {65534}
    assert (status["uid"], status["root"]) == (errno.EINVAL, errno.EPERM)  # there is no other user


@pytest.mark.skipif(platform.machine() not in ARCHITECTURES, reason="no filter is known for this machine")
def test_what_no_exercise_needs_of_the_kernel_is_refused(child):
    column = ARCHITECTURES[platform.machine()][1]
    numbers = {name: columns[column] for name, columns in DENIED.items()}
    answers = told(
        child, f"print(json.dumps({{n: system_call(i, 0, 0, 0, 0, 0) for n, i in {numbers}.items()}}))"
    )
    assert {name: answer for name, answer in answers.items() if answer != errno.EPERM} == {}


def test_only_sockets_within_a_process_and_no_memory_that_is_seen_in_none(child):
    answers = told(
        child,
        """
        import mmap
        families = {f.name: failure(socket.socket, f) for f in socket.AddressFamily if f.name != "AF_UNIX"}
        pair = socket.socketpair()
        shared = failure(mmap.mmap, -1, 1 << 16)
        private = failure(mmap.mmap, -1, 1 << 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with open("mapped", "wb+") as file:
            file.write(bytes(1 << 16))
            file.flush()
            of_a_file = failure(mmap.mmap, file.fileno(), 1 << 16)
        print(json.dumps([families, shared, private, of_a_file]))
        """,
    )
    families, shared, private, of_a_file = answers
    assert len(families) > 5
    assert set(families.values()) == {errno.EPERM}
    assert (shared, private, of_a_file) == (errno.EPERM, 0, 0)


def test_it_can_write_to_its_temporary_folder_only_and_so_much(child):
    done = told(
        child,
        """
        done = {}
        for place in ("/", "/course", "/dev", "/usr", "/proc", sys.prefix, "/root", "/tmp", "/dev/shm"):
            done[place] = failure(lambda: open(place + "/written", "w").close())
        def fill():
            for i in range(100):
                with open(f"/tmp/{i}", "wb") as file:
                    file.write(bytes(1 << 20))
        def empty():
            for i in range(100):
                if os.path.exists(f"/tmp/{i}"): os.remove(f"/tmp/{i}")
        def create():
            for i in range(10_000): open(f"/tmp/file{i}", "w").close()
        full, count = failure(fill), len(os.listdir("/tmp"))
        empty()
        print(json.dumps([done, full, count, failure(create)]))
        """,
    )
    places, full, count, many = done
    assert {place for place, error in places.items() if not error} == {"/tmp", "/dev/shm"}
    assert full == many == errno.ENOSPC
    assert count < 8


def test_its_limits_are_set_and_cannot_be_raised(child):
    limits = told(
        child,
        """
        names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_MEMLOCK", "RLIMIT_CPU", "RLIMIT_NOFILE")
        print(json.dumps({
            **{n: resource.getrlimit(getattr(resource, n)) for n in names},
            "raised": failure(resource.prlimit, 0, resource.RLIMIT_NOFILE, (10**5, 10**5)),
            "files": failure(lambda: [open("/dev/null") for _ in range(1000)]),
            "nice": os.nice(0) > 0, "nicer": failure(os.nice, -5),
        }))
        """,
    )
    assert limits["RLIMIT_CORE"] == limits["RLIMIT_MEMLOCK"] == [0, 0]
    assert limits["RLIMIT_FSIZE"] == [SMALL.disk_bytes] * 2
    assert limits["RLIMIT_NPROC"] == [SMALL.threads] * 2
    assert limits["RLIMIT_CPU"][1] < 80
    assert limits["files"] == errno.EMFILE
    assert limits["raised"] == errno.EPERM
    assert limits["nice"]
    assert limits["nicer"] in (errno.EPERM, errno.EACCES)


def test_no_descriptor_is_open_but_the_judges(child):
    opened = told(
        child,
        """
        def is_open(descriptor):
            try:
                return bool(os.fstat(descriptor))
            except OSError:
                return False
        print(json.dumps([d for d in range(1024) if is_open(d)]))
        """,
    )
    assert opened[:3] == [0, 1, 2]
    assert len(opened) == 4, opened


def test_nothing_is_left_for_the_next_child():
    leave = """
    import torch
    for folder in ("/tmp", "/dev/shm"):
        with open(f"{folder}/left", "w") as file:
            file.write("left")
    torch.left = True
    os.environ["LEFT"] = "left"
    """
    look = """
    import torch
    folders = [os.path.exists("/tmp/left"), os.path.exists("/dev/shm/left")]
    print(json.dumps([*folders, hasattr(torch, "left"), "LEFT" in os.environ]))
    """
    with student(PROLOGUE, SMALL) as process:
        assert run_there(process, leave)["error"] is None
    with student(PROLOGUE, SMALL) as process:
        assert told(process, look) == [False] * 4


def test_it_starts_no_process_and_becomes_no_other_program(child):
    clone, clone3 = {"x86_64": (56, 435), "aarch64": (220, 435)}[platform.machine()]
    answers = told(
        child,
        f"""
        ran = []
        thread = threading.Thread(target=ran.append, args=(True,))
        thread.start()
        thread.join()
        tried = [
            failure(os.fork),
            failure(os.posix_spawn, "/bin/true", ["true"], {{}}),
            failure(subprocess.run, ["true"]),
            failure(os.execv, "/bin/true", ["true"]),
            system_call({clone}, signal.SIGCHLD, 0, 0, 0, 0),
        ]
        print(json.dumps([*ran, set(tried) == {{errno.EPERM}}, system_call({clone3}, 0, 0) == errno.ENOSYS]))
        """,
    )
    assert answers == [True, True, True]


def test_a_thread_that_is_left_ends_with_the_child():
    source = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=time.sleep, args=(1200,)).start()
    """
    with student(PROLOGUE, SMALL) as process:
        assert run_there(process, source)["error"] is None
        without_hanging(process.end)


def test_memory_that_is_too_much_is_an_error_and_the_process_goes_on(child):
    answer = run_there(child, "import torch\nlarge = [torch.ones(30_000_000) for _ in range(2)]")
    assert answer["error"][0] in ("RuntimeError", "MemoryError")
    assert "memory" in answer["error"][1]
    assert told(child, "print(json.dumps(1))") == 1


def test_memory_is_watched_as_well(monkeypatch, tmp_path):
    """A process can give back the address space of libraries and fill it; here nothing else limits it."""
    monkeypatch.setattr(confinement, "limit_resources", lambda *_: None)
    ours, theirs = socket.socketpair()

    def serve():
        kept = bytes(range(256)) * (300 << 12)
        theirs.sendall(b"x")
        time.sleep(ENDLESS_SECONDS if kept else 0)

    with ours, theirs:
        child = Child(Allowance(200 * MIB, MIB, 64, 30.0), str(tmp_path), theirs, serve)
        ours.recv(1)
        told = child.end()
    assert (told["reason"], told["status"]) == ("memory", -signal.SIGKILL)
    assert told["peak_bytes"] > 200 * MIB


def test_too_many_threads_are_ended_while_they_run():
    error = killed(
        """
        threading.stack_size(1 << 16)
        for _ in range(50):
            threading.Thread(target=time.sleep, args=(1200,)).start()
        time.sleep(1200)
        """
    )
    assert error == CellError("LimitExceeded", "the process was stopped: it started more than 12 threads")


def test_many_threads_one_after_the_other_are_not_too_many_and_their_numbers_come_back(child):
    of_the_machine = Path("/proc/sys/kernel/pid_max")
    before = of_the_machine.read_text()
    largest = told(
        child,
        """
        numbers = []
        for _ in range(700):
            thread = threading.Thread(target=lambda: numbers.append(threading.get_native_id()))
            thread.start()
            thread.join()
        print(json.dumps(max(numbers)))
        """,
    )
    assert of_the_machine.read_text() == before
    if confinement._kernel() >= (6, 14):
        assert largest <= confinement.RESERVED_PIDS + SMALL.threads + 10


def test_processor_time_is_limited():
    with student(
        PROLOGUE, replace(SMALL, notebook_seconds=-4.0)
    ) as process:  # one second, with what is added
        process.allow(HANG_SECONDS)
        with pytest.raises(StudentEnded, match="ProcessDied"):
            run_there(process, "while True:\n    pass")
        assert "SIGKILL" in process.end(died=True).message


def test_a_file_is_limited(child):
    answer = run_there(child, "with open('/tmp/large', 'wb') as file:\n    file.write(bytes(5 << 20))")
    assert answer["error"][0] == "OSError"


def test_a_result_that_is_too_large_does_not_cross():
    with student(PROLOGUE + "import torch\nlarge = torch.ones(1 << 20)", SMALL) as process:
        process.ask({"do": "begin"})
        error = process.ask({"do": "look", "name": "large"}).error
    assert error.name == "CannotCross"
    assert (
        "must have at most 1,048,576 bytes to cross; got shape (1048576,) with 4,194,304 bytes"
        in error.message
    )


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("os._exit(3)", "with exit status 3"),
        ("ctypes.string_at(0)", "by signal SIGSEGV"),
    ],
)
def test_how_a_process_ended_is_told(source, how):
    assert killed(source) == CellError("ProcessDied", f"the process that ran the cell ended {how}")


def test_a_child_begins_with_everything_imported(child):
    modules = ("torch", "matplotlib.pyplot", "dgm_helpers.checks", "dgm_helpers.models.vae")
    assert told(child, f"print(json.dumps([name in sys.modules for name in {modules}]))") == [True] * 4


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_filter_ends_in_a_decision_whatever_the_call(machine):
    """Each jump leads into the program, and each path ends in one that returns."""
    steps = program(machine)
    for place, step in enumerate(steps):
        code, yes, no = ctypes.c_uint16.from_buffer_copy(step).value, step[2], step[3]
        if code & 0x07 == 0x05:
            assert place + 1 + max(yes, no) < len(steps)
    assert int.from_bytes(steps[-1][:2], "little") == system_calls.RETURN
