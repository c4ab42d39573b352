"""Trainable models by name: the files of ``dgm_helpers/models`` with ``PRESETS`` and ``TRAINING``.

``PRESETS[preset]`` contains the constructor's arguments, ``TRAINING[preset]`` those of :class:`Training`. The model is
the first class of the file that has a ``loss``, unless ``TRAINING`` names a different one.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from dgm_helpers import models
from dgm_helpers.models.configured import constructor_parameters
from dgm_helpers.models.protocol import Model
from dgm_helpers.training.optimizers import MakeOptimizer


@dataclass(frozen=True, kw_only=True)
class Training:
    """The training settings of a preset; an entry of a file's ``TRAINING`` is a dict of these.

    Attributes:
        data: name of the data set.
        steps: number of updates.
        batch_size: number of data points per update.
        learning_rate: the optimizer's learning rate.
        optimizer: a class of ``torch.optim``, or a partial of one (default: Adam).
        schedule: function of the numbers of steps and of passes over the data made; returns the learning rate's factor.
        initialize: number of data points that the model initializes itself with.
        transform: function applied to each batch with the run's generator, for example ``binarize``.
        weight_average: decay of an average of the weights.
        keep_statistics: keep the statistics of batch normalization from training when weights are averaged.
        model: class that the preset builds, if it is not the file's first.
    """

    data: str
    steps: int
    batch_size: int = 128
    learning_rate: float = 1e-3
    optimizer: MakeOptimizer | None = None
    schedule: Callable[[int, float], float] | None = None
    initialize: int | None = None
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None
    weight_average: float | None = None
    keep_statistics: bool = False
    model: type[nn.Module] | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the settings of :func:`~dgm_helpers.training.fit`, except the number of steps."""
        excluded = ("data", "steps", "model")
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in excluded}


@dataclass(frozen=True)
class Entry:
    """A preset of a model.

    Attributes:
        name: name of the model's file.
        preset: name of the preset.
        kind: class of the model.
        arguments: the constructor's arguments.
        training: the training settings.
    """

    name: str
    preset: str
    kind: type[nn.Module]
    arguments: dict[str, Any]
    training: Training

    def build(self, changes: dict[str, Any] | None = None) -> nn.Module:
        """Build a new model, with some arguments changed.

        Raises:
            ValueError: if the model has no such argument, or does not take the value.
        """
        known = constructor_parameters(self.kind)
        for key in changes or {}:
            if key not in known:
                raise ValueError(f"an argument of {self.name} must be one of {', '.join(known)}; got {key!r}")
        try:
            return self.kind(**self.arguments | (changes or {}))
        except TypeError as error:
            raise ValueError(f"{self.name} does not take these arguments: {error}") from error

    def parameters(self) -> int:
        """Return the number of the model's parameters; if possible, without allocating or drawing them."""
        try:
            with torch.device("meta"):
                model = self.build()
        except (
            RuntimeError,
            NotImplementedError,
        ):  # its constructor computes with values, which "meta" does not have
            with torch.random.fork_rng(devices=[]):
                model = self.build()
        return sum(parameter.numel() for parameter in model.parameters())


def names() -> list[str]:
    """Return the names of all models that can be trained by name."""
    files = sorted(module.name for module in pkgutil.iter_modules(models.__path__))
    return [name for name in files if _trainable(_module(name))]


def find(name: str, preset: str) -> Entry:
    """Return a preset of a model; only its file is imported.

    Raises:
        ValueError: if there is no such model or preset.
    """
    if name not in (module.name for module in pkgutil.iter_modules(models.__path__)) or not _trainable(
        _module(name)
    ):
        raise ValueError(f"the model must be one of {', '.join(names())}; got {name!r}")
    module = _module(name)
    if preset not in module.PRESETS or preset not in module.TRAINING:
        both = ", ".join(key for key in module.PRESETS if key in module.TRAINING)
        raise ValueError(f"the preset of {name} must be one of {both}; got {preset!r}")
    training = Training(**module.TRAINING[preset])
    return Entry(name, preset, training.model or _first_model(module), module.PRESETS[preset], training)


def entries() -> list[Entry]:
    """Return every preset of every model."""
    return [find(name, preset) for name in names() for preset in _module(name).TRAINING]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{models.__name__}.{name}")


def _trainable(module: ModuleType) -> bool:
    return hasattr(module, "PRESETS") and hasattr(module, "TRAINING")


def _first_model(module: ModuleType) -> type[nn.Module]:
    for kind in vars(module).values():
        if isinstance(kind, type) and kind.__module__ == module.__name__ and issubclass(kind, Model):
            return kind
    raise ValueError(f"no class in {module.__name__} has a loss")
