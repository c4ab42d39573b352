"""How a model remembers its constructor's arguments in ``config``, from which another is built.

A model among the arguments (a prior) is remembered by its description, never as the module, which all models built
from that ``config`` would share. A function among them is how the model is trained, not what it is: it is left out.
"""

import inspect
from functools import wraps
from typing import Any

from torch import nn


class Configured:
    """A module whose constructor's keyword arguments are in ``config``, defaults included, lists as tuples.

    Each class in ``models/`` inherits from it, directly or through its base class, and does nothing more for it.
    The constructor of the object's own class counts, not those that it calls.
    """

    _arguments: dict[str, Any]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" not in vars(cls):
            return
        construct = cls.__init__

        @wraps(construct)
        def remember_and_construct(self: Any, **arguments: Any) -> None:
            if "_arguments" not in vars(self):  # else a subclass has remembered its own
                defaults = {name: p.default for name, p in constructor_parameters(type(self)).items()}
                vars(self)["_arguments"] = {
                    name: _plain(value)
                    for name, value in (defaults | arguments).items()
                    if isinstance(value, nn.Module) or not callable(value)  # a missing one's is a class too
                }
            construct(self, **arguments)

        cls.__init__ = remember_and_construct

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments: ``type(model)(**model.config)`` is a model like this one, with new weights."""
        return dict(self._arguments)


def constructor_parameters(kind: type) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class's constructor, and of its base's if it passes on ``**options``."""
    known: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if "__init__" not in vars(base):
            continue
        _self, *parameters = inspect.signature(base.__init__).parameters.values()
        named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        known = named | known
        if len(named) == len(parameters):
            break
    return known


def description_of(module: nn.Module) -> dict[str, Any]:
    """Return a module's class and config, for the ``config`` of the model that it is part of.

    A module of any class has a description; :func:`~dgm_helpers.models.description.build` refuses, by name, one that
    is not in this package or has no ``config``.
    """
    kind = type(module)
    config = module.config if isinstance(module, Configured) else None
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "config": config}


def is_description(value: Any) -> bool:
    """Return whether a value in a configuration describes a module."""
    return isinstance(value, dict) and value.keys() == {"class", "config"}


def _plain(value: Any) -> Any:
    if isinstance(value, nn.Module):
        return description_of(value)
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value
