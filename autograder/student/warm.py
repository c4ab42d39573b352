"""The warm parent inside the sandbox: it imports once, and forks one child per submission.

Its argument is the number of an open socket, which receives ``start`` requests, each with a socket for the new child,
and ``end`` requests. It contains no tests, expected values or solutions: the judge talks to the child directly.
"""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
import select
import socket
import sys
import tempfile

import torch

from autograder.student.cell_runner import CellRunner
from autograder.student.children import Allowance, Child
from autograder.student.worker import Worker

WATCH_SECONDS = 0.1
# torch imports the last module, with sympy, at the first call of torch.unravel_index, for example: over a second.
MODULES = ("matplotlib.pyplot", "IPython.display", "torch.fx.experimental.symbolic_shapes")


def main() -> None:
    """Serve until the other end of the control socket closes; then stop all children."""
    control = socket.socket(fileno=int(sys.argv[1]))
    import_everything()
    runner = CellRunner(tempfile.gettempdir())
    prepare(runner)
    gc.collect()
    gc.freeze()  # so that garbage collection in a child does not touch, and so copy, these pages
    children: dict[int, Child] = {}
    control.sendall(b"{}\n")
    try:
        while True:
            _wait(control, children)
            message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
            if not message:
                return
            request = json.loads(message)
            if request["do"] == "start":
                with socket.socket(fileno=descriptors[0]) as connection:
                    worker = Worker(connection, runner, request["output_characters"], request["result_bytes"])
                    child = Child(
                        Allowance(**request["allowance"]), request["folder"], connection, worker.serve
                    )
                children[child.pid] = child
                answer = {"child": child.pid}
            else:
                answer = children.pop(request["child"]).end(request["patience"])
            control.sendall(json.dumps(answer).encode() + b"\n")
    except ConnectionError:
        return
    finally:
        for child in children.values():
            child.end()


def import_everything() -> None:
    """Import the modules that a lecture's cells import, without computing anything in parallel.

    A parallel operation would start threads, which do not survive a fork.
    """
    for name in MODULES:
        importlib.import_module(name)
    torch.set_num_threads(1)
    helpers = importlib.import_module("dgm_helpers")
    for module in pkgutil.walk_packages(helpers.__path__, "dgm_helpers."):
        importlib.import_module(module.name)
    # Half-precision kernels look up the processor, once per process, in files that a child does not have.
    half = torch.ones(2, 2, dtype=torch.half)
    torch.mm(half, half)


def prepare(runner: CellRunner) -> None:
    """Run a cell with an error, so that the files of all modules are looked up once, not in every child."""
    standard = sys.stdout, sys.stderr
    runner.begin(output_characters=1000)
    runner.run("raise RuntimeError")
    runner.run("%reset -f")
    runner.shell.execution_count = 1
    sys.stdout, sys.stderr = standard


def _wait(control: socket.socket, children: dict[int, Child]) -> None:
    """Wait for a request; meanwhile, enforce the limits of all children."""
    while not select.select([control], [], [], WATCH_SECONDS if children else None)[0]:
        for child in children.values():
            child.look()


if __name__ == "__main__":
    main()
