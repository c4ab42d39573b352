"""The settings of one call of :func:`~dgm_helpers.training.fit`."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dgm_helpers.runtime import DEFAULT_SEED
from dgm_helpers.training.optimizers import MakeOptimizer, Schedule, name_of


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Keyword arguments of :func:`~dgm_helpers.training.fit`. At least one of ``steps`` and ``seconds`` is required.

    Attributes:
        steps: total number of updates.
        seconds: time after which no further step begins. With ``steps``, whichever comes first ends the run.
        batch_size: data points per update, over all processes; all of them if there are fewer.
        learning_rate: the optimizer's learning rate. A model of several players defines
            ``parameter_groups(learning_rate)``: a list of the optimizer's groups, dicts with ``params`` and the
            player's own ``lr``, ``betas`` and the like.
        optimizer: a class of ``torch.optim``, or one with arguments, as ``partial(SGD, momentum=0.9)`` (default: Adam).
        schedule: function of the numbers of steps and of passes over the data made so far. It returns the factor of
            every learning rate in the next step (:mod:`dgm_helpers.models.learning_rates` has those of the papers).
        initialize: before the first step, call ``model.initialize(batch, [label,] generator)`` on this many data
            points, the first ones of the first epoch.
        seed: seed of the order of the data and of the noise.
        transform: function applied to each batch, with the run's generator, for binarization or dequantization.
        log_every: number of steps that a row of the history averages.
        weight_average: decay in [0, 1) of an average of the weights (:mod:`dgm_helpers.training.averaging`). The model
            is left with the average, and with statistics of batch normalization that are estimated for it.
        keep_statistics: keep the statistics of batch normalization from training instead.
        bf16: whether to compute the loss under bfloat16 autocast (default: only on a CUDA GPU).
        compile: whether to compile the loss with ``torch.compile``, which takes about a minute, and on a CPU needs a
            C++ compiler.
        folder: path of a folder for a checkpoint. If it contains one, the run resumes from it, bit-identical to a run
            that never stopped. With a folder, the first Ctrl-C waits for the end of the step and writes a checkpoint.
        checkpoint_every: number of steps between two checkpoints; the last step always writes one.
        lines: whether to write a line to stderr now and then, for a log file. Without it nothing is printed outside of
            terminal and notebook.

    Raises:
        ValueError: if a number is out of its range, or nothing ends the run.
    """

    steps: int | None = None
    seconds: float | None = None
    batch_size: int = 128
    learning_rate: float = 1e-3
    optimizer: MakeOptimizer | None = None
    schedule: Schedule | None = None
    initialize: int | None = None
    seed: int = DEFAULT_SEED
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None
    log_every: int = 50
    weight_average: float | None = None
    keep_statistics: bool = False
    bf16: bool | None = None
    compile: bool = False
    folder: Path | None = None
    checkpoint_every: int = 500
    lines: bool = False

    @classmethod
    def named(cls, settings: dict[str, Any]) -> "Settings":
        """Return the settings with these names and values.

        Raises:
            TypeError: if there is no setting of such a name.
            ValueError: as for the class.
        """
        names = [field.name for field in fields(cls)]
        if unknown := [name for name in settings if name not in names]:
            raise TypeError(f"a setting of fit must be one of {', '.join(names)}; got {', '.join(unknown)}")
        folder = settings.get("folder")
        return cls(**settings | {"folder": None if folder is None else Path(folder)})

    def __post_init__(self) -> None:
        if self.steps is None and self.seconds is None:
            raise ValueError("give `steps` or `seconds`: without either, training would never stop")
        for name in ("steps", "batch_size", "initialize", "log_every", "checkpoint_every"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"seconds must be more than 0, got {self.seconds}")
        if self.weight_average is not None and not 0 <= self.weight_average < 1:
            raise ValueError(f"weight_average must be a decay in [0, 1), got {self.weight_average}")

    def precision(self, device: torch.device) -> AbstractContextManager:
        """Return the context in which the loss is computed on a device."""
        in_bf16 = device.type == "cuda" if self.bf16 is None else self.bf16
        return torch.autocast(device.type, torch.bfloat16) if in_bf16 else nullcontext()

    def identity(self) -> dict[str, Any]:
        """Return the settings that determine the run's numbers, except its length, as a checkpoint stores them."""
        plain = ("batch_size", "learning_rate", "seed", "log_every", "weight_average", "initialize")
        functions = ("optimizer", "schedule")
        return {name: getattr(self, name) for name in plain} | {
            name: name_of(getattr(self, name)) for name in functions
        }
