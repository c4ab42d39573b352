"""Public libraries that the benchmarks compare with, each installed from its package into an environment of its own.

    .venv/bin/python benchmarks/peers.py pythae      # make the environment of one, or say where it is

A benchmark asks for :func:`environment` and makes what is not there; it takes a minute or two for each and needs the
network, or pip's cache. The environments stand in ``.benchmarks/`` beside this folder, or where ``DGM_BENCHMARKS``
says, hold the same version of torch as the course's, and can be deleted at any time.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

# What pip installs beside torch. Versions are pinned: a ratio is one to a certain release.
PEERS = {
    "pythae": ["pythae==0.1.2"],
    "memcnn": ["memcnn==1.5.2"],
    "zuko": ["zuko==1.6.0"],
}


def environment(name: str) -> Path:
    """The Python interpreter of a peer's environment, which is made where it is not there or of other packages.

    Raises:
        SystemExit: with one sentence, if there is no such peer or pip can't install it.
    """
    if name not in PEERS:
        raise SystemExit(f"no peer {name!r}: choose one of {', '.join(PEERS)}")
    folder, packages = cache() / name, [same_torch(), *PEERS[name]]
    python, installed = folder / "bin" / "python", folder / "packages.json"
    if installed.exists() and json.loads(installed.read_text()) == packages:
        return python
    print(f"installing {name} into {folder}: a minute or two, once", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"pip could not install {' '.join(PEERS[name])}: its reason stands above")
    installed.write_text(json.dumps(packages))  # last: an environment that is half made is made again
    return python


def cache() -> Path:
    """The folder of all environments."""
    return Path(os.environ.get("DGM_BENCHMARKS") or Path(__file__).resolve().parent.parent / ".benchmarks")


def same_torch() -> str:
    """The release of torch that the course runs on, without the name of a build."""
    return f"torch=={importlib.metadata.version('torch').partition('+')[0]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments that are asked for and print their interpreters."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", choices=PEERS)
    for name in parser.parse_args(arguments).names:
        print(environment(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
