"""What a model is, in plain data: its class and the arguments it was made with, from which another is built.

A description is ``{"class": "module:qualname", "config": {…}}``; what JSON makes of it will do. A model whose argument
is a module holds that module's description in its ``config``, never the module, which all models built from that
``config`` would share.
"""

import importlib
import operator
from pathlib import Path
from typing import Any

from torch import nn

from dgm_helpers.models.configured import description_of, is_description

PACKAGE = "dgm_helpers"
# Arguments that a class no longer has, in files of earlier versions, with the values that mean what it does now.
RETIRED = {
    "dgm_helpers.models.infogan:InfoGAN": {
        "smoothing": 0.0, "feature_matching": False, "historical_weight": 0.0, "virtual_batch": 0,
    },
}  # fmt: skip


def describe(model: nn.Module) -> dict[str, Any]:
    """Class and configuration, as :func:`build` takes them.

    Raises:
        ValueError: if the class, or that of a module in the configuration, is not of this package or has no ``config``.
    """
    return _buildable(description_of(model))


def build(description: dict[str, Any], source: str | Path = "the description") -> nn.Module:
    """A new model of a class and configuration that :func:`describe` gave, also if JSON made lists of tuples.

    Raises:
        ValueError: if the class is not of this package, or does not take that configuration.
    """
    name, config = description["class"], description["config"]
    kind, retired = _find(name, source), RETIRED.get(name, {})
    config = {key: value for key, value in config.items() if key not in retired or value != retired[key]}
    try:
        return kind(**{key: _argument(value, source) for key, value in config.items()})
    except Exception as error:  # whatever a constructor of another version makes of it
        raise ValueError(
            f"{name} cannot be built from the configuration in {source}, perhaps of another version: {error}"
        ) from error


def _buildable(description: dict[str, Any]) -> dict[str, Any]:
    name, config = description["class"], description["config"]
    if name.partition(":")[0].partition(".")[0] != PACKAGE or config is None:
        raise ValueError(
            f"a {name} cannot be built again from a file: that takes a class of {PACKAGE} and its `config`"
        )
    parts = {key: _buildable(value) if is_description(value) else value for key, value in config.items()}
    return {"class": name, "config": parts}


def _find(name: str, source: str | Path) -> type[nn.Module]:
    module, _, qualname = name.partition(":")
    if module.partition(".")[0] != PACKAGE:
        raise ValueError(f"{source} asks for {name}: only classes of {PACKAGE} are built from a file")
    try:
        kind = operator.attrgetter(qualname)(importlib.import_module(module))
    except (ImportError, AttributeError):
        raise ValueError(f"{source} asks for {name}, which this version of {PACKAGE} has not") from None
    # A name may lead out of the package by way of what its modules import.
    if not (isinstance(kind, type) and issubclass(kind, nn.Module) and kind.__module__ == module):
        raise ValueError(f"{source} asks for {name}, which is no model of {PACKAGE}")
    return kind


def _argument(value: Any, source: str | Path) -> Any:
    if is_description(value):
        return build(value, source)
    return tuple(_argument(item, source) for item in value) if isinstance(value, list) else value
