"""Library functions and classes as names: what may be named, and how a name is found again."""

from __future__ import annotations

import importlib
import sys
from typing import Any

ALLOWED = ("dgm_helpers", "torch", "numpy", "math", "operator", "functools", "builtins")


def name_of(value: Any) -> tuple[str, str] | None:
    """Return the module and the qualified name of a library function or class, or None if it is none.

    Only what the name leads back to counts: a lambda, or a function of a notebook, has no such name.
    """
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(name, str):
        return None
    module = getattr(value, "__module__", None)
    # Built-in functions of torch and ufuncs of numpy do not say where they live.
    homes = (module,) if isinstance(module, str) else ("torch", "torch.nn.functional", "numpy", "math")
    for home in (*homes, "torch", "numpy"):
        if _allowed(home) and _lookup(home, name) is value:
            return home, name
    return None


def find(module: str, name: str) -> Any:
    """Return what a name stands for.

    Raises:
        LookupError: if the module is not allowed, or has nothing of that name.
    """
    if not _allowed(module):
        raise LookupError(f"{module} is no library whose names may cross")
    importlib.import_module(module)
    found = _lookup(module, name)
    if found is None:
        raise LookupError(f"{module} has no {name}")
    return found


def _allowed(module: str) -> bool:
    return module.partition(".")[0] in ALLOWED


def _lookup(module: str, name: str) -> Any:
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
