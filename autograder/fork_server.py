"""The warm process of :class:`autograder.fork_executor.ForkExecutor`: imports once, forks often.

It is started with the number of an open socket. On it come ``start`` requests, each with a socket for
the new child, and ``end`` requests. It holds no test and no solution: the cells go straight to the child.
"""

import importlib
import json
import os
import pkgutil
import signal
import socket
import sys


def main() -> None:
    """Serve until the other end of the control socket closes; then end every child."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _import_everything()
    control.sendall(b"{}\n")
    children: set[int] = set()
    try:
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
            if not message:
                return
            request = json.loads(message)
            if request["do"] == "start":
                answer = {"pid": _fork(request, descriptors[0], control)}
                children.add(answer["pid"])
            else:
                children.remove(request["pid"])
                answer = {"status": _end(request["pid"])}
            control.sendall(json.dumps(answer).encode() + b"\n")
    except ConnectionError:
        return
    finally:
        for child in children:
            _end(child)


def _import_everything() -> None:
    """Import what a lecture's cells import, and compute nothing.

    A parallel operation here would start threads, which do not survive a fork.
    """
    for name in ("torch", "matplotlib.pyplot", "autograder.cell_runner"):
        importlib.import_module(name)
    # torch imports sympy at the first call of, for example, torch.unravel_index: a second and more.
    importlib.import_module("torch.fx.experimental.symbolic_shapes")
    helpers = importlib.import_module("dgm_helpers")
    for module in pkgutil.iter_modules(helpers.__path__):
        importlib.import_module(f"dgm_helpers.{module.name}")
    _print_a_traceback()


def _print_a_traceback() -> None:
    """Have the files of all modules looked up once: the first traceback of a process does this."""
    from IPython.core.ultratb import FormattedTB

    try:
        raise RuntimeError
    except RuntimeError:
        FormattedTB(mode="Context").structured_traceback(*sys.exc_info())


def _fork(request: dict, descriptor: int, control: socket.socket) -> int:
    child = os.fork()
    if child:
        os.close(descriptor)
        return child
    status = 1
    try:
        os.setpgid(0, 0)  # so that what the child starts is ended with it
        control.close()
        _run_child(request, socket.socket(fileno=descriptor))
        status = 0
    except ConnectionError:
        status = 0  # nobody listens any more
    finally:
        os._exit(status)


def _run_child(request: dict, connection: socket.socket) -> None:
    import torch

    from autograder.cell_runner import CellRunner

    os.chdir(request["folder"])
    os.environ.pop("DGM_CHECK_SEED", None)
    if request["seed"] is not None:
        os.environ["DGM_CHECK_SEED"] = str(request["seed"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # a library that prints below Python must not write on the server's log
        os.dup2(nowhere, standard)
    torch.set_num_threads(1)
    runner = CellRunner(request["folder"], request["output_characters"])
    lines = connection.makefile("r", encoding="utf-8", newline="\n")
    for line in lines:
        connection.sendall(json.dumps(runner.run(json.loads(line))).encode() + b"\n")


def _end(child: int) -> int:
    """Kill a child's process group and return the child's exit status, or minus its signal."""
    exited, status = os.waitpid(child, os.WNOHANG)
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # no such group: the child has not made its own yet, or all of it has ended
    if not exited:
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
