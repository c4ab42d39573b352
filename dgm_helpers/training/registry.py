"""Models by name: each file of ``dgm_helpers/models`` that says, beside its ``PRESETS``, how they are trained.

``PRESETS[preset]`` are a constructor's arguments; ``TRAINING[preset]`` those of :class:`Training`. The model is the
first class of the file that has a ``loss``, unless the preset names another.
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
    """How a preset is trained: an entry of a file's ``TRAINING`` holds these as a dict.

    Attributes:
        data: name of a data set.
        steps: number of updates.
        batch_size: data points an update.
        learning_rate: of the optimizer.
        optimizer: a class of ``torch.optim``, or a partial of one; Adam unless given.
        schedule: factor of the learning rate, of steps and passes over the data made.
        initialize: number of data points that the model initializes itself by.
        transform: applied to each batch with the run's generator: ``binarize`` or the like.
        weight_average: decay of an average of the weights.
        keep_statistics: leave statistics of batch normalization as they are when weights are averaged.
        model: class that the preset builds, where it is not the file's first.
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
        """Those of :func:`~dgm_helpers.training.fit`, but for how long."""
        own = ("data", "steps", "model")
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in own}


@dataclass(frozen=True)
class Entry:
    """A preset of a model.

    Attributes:
        name: of the model's file.
        preset: name of the preset.
        kind: class of the model.
        arguments: of its constructor.
        training: how it is trained.
    """

    name: str
    preset: str
    kind: type[nn.Module]
    arguments: dict[str, Any]
    training: Training

    def build(self, changes: dict[str, Any] | None = None) -> nn.Module:
        """A new model, some arguments changed.

        Raises:
            ValueError: if the model has no such argument, or does not take the value.
        """
        known = constructor_parameters(self.kind)
        for key in changes or {}:
            if key not in known:
                raise ValueError(f"{self.name} has no argument {key!r}: it has {', '.join(known)}")
        try:
            return self.kind(**self.arguments | (changes or {}))
        except TypeError as error:
            raise ValueError(f"{self.name} does not take these arguments: {error}") from error

    def parameters(self) -> int:
        """Number of the model's parameters, which are not drawn for that where the constructor can do without."""
        try:
            with torch.device("meta"):
                model = self.build()
        except (RuntimeError, NotImplementedError):  # it computes with numbers that are not there
            with torch.random.fork_rng(devices=[]):
                model = self.build()
        return sum(parameter.numel() for parameter in model.parameters())


def names() -> list[str]:
    """Names of all models that can be trained by name."""
    files = sorted(module.name for module in pkgutil.iter_modules(models.__path__))
    return [name for name in files if _trainable(_module(name))]


def find(name: str, preset: str) -> Entry:
    """A preset of a model, importing its file alone.

    Raises:
        ValueError: if there is no such model or preset.
    """
    if name not in (module.name for module in pkgutil.iter_modules(models.__path__)) or not _trainable(
        _module(name)
    ):
        raise ValueError(f"unknown model {name!r}: there are {', '.join(names())}")
    module = _module(name)
    if preset not in module.PRESETS or preset not in module.TRAINING:
        both = ", ".join(key for key in module.PRESETS if key in module.TRAINING)
        raise ValueError(f"{name} has no preset {preset!r}: it has {both}")
    training = Training(**module.TRAINING[preset])
    return Entry(name, preset, training.model or _first_model(module), module.PRESETS[preset], training)


def entries() -> list[Entry]:
    """Every preset of every model."""
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
