"""Public libraries that the benchmarks compare with, each installed from its package into its own environment.

    .venv/bin/python benchmarks/peers.py pythae      # make pythae's environment if necessary, and print its Python

A benchmark calls :func:`environment`, which makes a missing environment. This takes a minute or two and needs the
network, or pip's cache. The environments are in ``.benchmarks/`` next to this folder, or in the folder that
``DGM_BENCHMARKS`` names. They contain the course's version of torch, and can be deleted at any time.
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

# Packages that pip installs in addition to torch. Versions are pinned, because a ratio refers to one release.
PEERS = {
    "pythae": ["pythae==0.1.2"],
    "memcnn": ["memcnn==1.5.2"],
    "zuko": ["zuko==1.6.0"],
}


def environment(name: str) -> Path:
    """Return the Python interpreter of a peer's environment; make it if it is missing or has different packages.

    Raises:
        SystemExit: with one sentence, if the peer is unknown or pip cannot install it.
    """
    if name not in PEERS:
        raise SystemExit(f"peer must be one of {', '.join(PEERS)}; got {name!r}")
    folder, packages = cache() / name, [same_torch(), *PEERS[name]]
    python, installed = folder / "bin" / "python", folder / "packages.json"
    if installed.exists() and json.loads(installed.read_text()) == packages:
        return python
    print(f"installing {name} into {folder}: a minute or two, once", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"pip could not install {' '.join(PEERS[name])}: see the reason above")
    installed.write_text(json.dumps(packages))  # last, so that an incomplete environment is made again
    return python


def cache() -> Path:
    """Return the folder of all environments."""
    return Path(os.environ.get("DGM_BENCHMARKS") or Path(__file__).resolve().parent.parent / ".benchmarks")


def same_torch() -> str:
    """Return the requirement for the course's release of torch, without the name of a build."""
    return f"torch=={importlib.metadata.version('torch').partition('+')[0]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments of the named peers and print their interpreters."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", choices=PEERS)
    for name in parser.parse_args(arguments).names:
        print(environment(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
