"""Library functions and classes as names: the allowed names, and how a name is looked up."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

ALLOWED = ("dgm_helpers", "torch", "numpy", "math", "operator", "functools", "builtins", "einops")
# Modules to search for objects without a module name, such as built-in functions and numpy's ufuncs.
HOMES = ("torch", "torch.nn.functional", "torch._C._nn", "numpy", "math", "operator", "functools")


def name_of(value: Any) -> tuple[str, str] | None:
    """Return the module and the qualified name of a library function or class, or None for other values.

    Looking up the name must give the value again, so lambdas and functions of a notebook have no name.
    """
    if isinstance(value, ModuleType):
        return None
    names = [getattr(value, "__qualname__", None), getattr(value, "__name__", None)]
    class_of_method = getattr(value, "__objclass__", None)
    homes = [getattr(value, "__module__", None), getattr(class_of_method, "__module__", None), *HOMES]
    for home in homes:
        if isinstance(home, str) and _allowed(home):
            for name in names:
                if isinstance(name, str) and _lookup(home, name) is value:
                    return home, name
    return None


def find(module: str, name: str) -> Any:
    """Return the object with a name.

    Raises:
        LookupError: if the module is not allowed, or does not have the name.
    """
    if not _allowed(module):
        raise LookupError(f"{module} is not a library whose names may cross")
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
