"""Models that keep their constructor's arguments in ``config``, and the building of new models from them.

A description is ``{"class": "module:qualname", "config": {…}}``, even after a round trip through JSON. A model among
the arguments (a prior) is remembered by its description, never as the module, which all models built from that
``config`` would share; constructors accept either. A function among the arguments is how the model is trained, not
what it is: it is left out.
"""

import importlib
import inspect
import operator
from functools import wraps
from pathlib import Path
from typing import Any

from torch import nn

PACKAGE = "dgm_helpers"


class Configured:
    """A module whose constructor's keyword arguments are in ``config``, defaults included, lists as tuples.

    Each class in ``models/`` inherits from it, directly or through its base class, and needs nothing else.
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
                    if isinstance(value, nn.Module)
                    or not callable(value)  # a required one's default is a class too
                }
            construct(self, **{name: _built(value) for name, value in arguments.items()})

        cls.__init__ = remember_and_construct

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments: ``type(model)(**model.config)`` is a model like this one, with new weights."""
        return dict(self._arguments)

    @staticmethod
    def upgraded(description: dict[str, Any]) -> dict[str, Any]:
        """Return the description of today; a class whose arguments have changed translates that of an older file."""
        return description


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
    """Return a module's class and config; of any class, even one that :func:`build` would refuse by name."""
    kind = type(module)
    config = module.config if isinstance(module, Configured) else None
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "config": config}


def describe(model: nn.Module) -> dict[str, Any]:
    """Return a model's class and config, from which :func:`build` builds a new model.

    Raises:
        ValueError: if the class, or that of a module in the config, is not in this package or has no ``config``.
    """
    description = description_of(model)
    _require_buildable(description)
    return description


def build(description: dict[str, Any], source: str | Path = "the description") -> nn.Module:
    """Build a new model from a description; errors name ``source`` as its origin.

    Raises:
        ValueError: if the class is not in this package, or does not take that config.
    """
    kind = _find(description["class"], source)
    if issubclass(kind, Configured):
        description = kind.upgraded(description)
    name, config = description["class"], description["config"]
    kind = _find(name, source)
    try:
        return kind(**{key: _built(value, source) for key, value in config.items()})
    except Exception as error:  # a constructor of a different version may raise anything
        raise ValueError(
            f"{name} cannot be built from the configuration in {source}, perhaps of a different version: {error}"
        ) from error


def is_description(value: Any) -> bool:
    """Return whether a value in a configuration describes a module."""
    return isinstance(value, dict) and value.keys() == {"class", "config"}


def _plain(value: Any) -> Any:
    if isinstance(value, nn.Module):
        return description_of(value)
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def _built(value: Any, source: str | Path = "the description") -> Any:
    if is_description(value):
        return build(value, source)
    return tuple(_built(item, source) for item in value) if isinstance(value, list) else value


def _require_buildable(description: dict[str, Any]) -> None:
    name, config = description["class"], description["config"]
    if name.partition(":")[0].partition(".")[0] != PACKAGE or config is None:
        raise ValueError(
            f"a {name} cannot be built again from a file: that requires a class of {PACKAGE} and its `config`"
        )
    for part in filter(is_description, config.values()):
        _require_buildable(part)


def _find(name: str, source: str | Path) -> type[nn.Module]:
    module, _, qualname = name.partition(":")
    if module.partition(".")[0] != PACKAGE:
        raise ValueError(f"{source} asks for {name}: only classes of {PACKAGE} are built from a file")
    try:
        kind = operator.attrgetter(qualname)(importlib.import_module(module))
    except (ImportError, AttributeError):
        raise ValueError(f"{source} asks for {name}, which this version of {PACKAGE} does not have") from None
    # A name may lead out of the package by way of what its modules import.
    if not (isinstance(kind, type) and issubclass(kind, nn.Module) and kind.__module__ == module):
        raise ValueError(f"{source} asks for {name}, which is not a model of {PACKAGE}")
    return kind
