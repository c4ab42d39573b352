"""The state of a training run between two steps, and the checkpoint that stores it, so that a run resumes exactly."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from dgm_helpers.models.protocol import HasConfig
from dgm_helpers.runtime import generator
from dgm_helpers.training import optimizers
from dgm_helpers.training.averaging import weight_average
from dgm_helpers.training.checkpoints import write_whole
from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.examples import Batches
from dgm_helpers.training.history import History
from dgm_helpers.training.settings import Settings

FILE = "checkpoint.pt"


@dataclass
class State:
    """A training run between two steps.

    Attributes:
        model: the model that is trained.
        optimizer: its optimizer, with its moments.
        schedule: multiplies the learning rates of all groups by the factor of each step.
        batches: the order of the data, and how far it is used.
        noise: draws the noise of transform and loss.
        average: the model with averaged weights, if an average is kept.
        processes: the processes that train together; each has its own random states.
        identity: the properties, by name, that distinguish this run from others; a different run's checkpoint is
            refused.
        step: number of updates made.
        seconds: time they took.
        sums: sums of the terms since the last row of the history.
        history: rows so far.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: LambdaLR
    batches: Batches
    noise: torch.Generator
    average: AveragedModel | None
    processes: Processes
    identity: dict[str, Any]
    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    history: History = field(default_factory=History)

    @classmethod
    def begin(
        cls, model: nn.Module, shape: tuple[int, ...], settings: Settings, processes: Processes
    ) -> "State":
        """Return the state before the first step.

        Args:
            model: the model, on its device, with the weights that all processes have.
            shape: shape of the data, first the number of data points.
            settings: the run's settings.
            processes: the processes that train together.

        Raises:
            ValueError: if the batch cannot be shared equally among the processes.
        """
        draws = generator(settings.seed, next(model.parameters()).device)
        batches = Batches(shape[0], settings.batch_size, draws)
        if batches.batch_size % processes.count:
            raise ValueError(
                f"batch_size must be a multiple of the {processes.count} processes, got {batches.batch_size}"
            )
        optimizer = optimizers.build(model, settings.learning_rate, settings.optimizer)
        decay = settings.weight_average
        name = f"{type(model).__qualname__}({model.config if isinstance(model, HasConfig) else ''})"
        return cls(
            model=model,
            optimizer=optimizer,
            schedule=optimizers.scheduled(optimizer, settings.schedule, batches.per_epoch),
            batches=batches,
            noise=processes.noise(settings.seed, draws),
            average=None if decay is None else weight_average(model, decay),
            processes=processes,
            identity={
                "model": name, "data": shape, **settings.identity(), "processes": processes.count
            },
        )  # fmt: skip

    def log(self, terms: dict[str, float], *, end_row: bool) -> None:
        """Add a step's terms to the sums, and if ``end_row`` append their averages to the history."""
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if end_row:
            count = self.step - (self.history.rows[-1]["step"] if self.history.rows else 0)
            self.history.add(self.step, {name: total / count for name, total in self.sums.items()})
            self.sums = {}

    def save(self, folder: Path) -> None:
        """Replace the last checkpoint by one of this step; only process 0 writes it.

        Raises:
            FloatingPointError: if a weight is not finite. The last checkpoint stays.
        """
        random = self.processes.gather(self._random())
        if self.processes.rank:
            return
        self.require_finite("no checkpoint of it was written")
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "identity": self.identity, "step": self.step, "seconds": self.seconds, "sums": self.sums,
            "history": self.history.rows, "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
            "average": self.average and [*self.average.module.parameters()], "order": self.batches.order,
            "position": self.batches.position, "random": random,
        }  # fmt: skip
        write_whole(folder / FILE, lambda part: torch.save(content, part))

    def require_finite(self, consequence: str) -> None:
        """Refuse weights that are not finite: a finite loss may have a gradient that is not.

        Raises:
            FloatingPointError: with the weight's name, the step, and what was done about it.
        """
        for name, weight in self.model.named_parameters():
            if not weight.isfinite().all():
                raise FloatingPointError(
                    f"step {self.step}: {name} is not finite; {consequence}. The usual fix is a smaller learning rate."
                )

    def resume(self, folder: Path) -> None:
        """Restore the checkpoint in a folder, including torch's global random state, which dropout uses.

        Raises:
            ValueError: if it is of a different run, or cannot be read.
        """
        content = read(folder)
        for name, value in self.identity.items():
            if (stored := content["identity"].get(name)) != value:
                raise _different_run(folder, name, stored, value)
        self._require_same_rates(folder, content)
        self.model.load_state_dict(content["model"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.schedule = optimizers.resumed(self.schedule, content["step"])
        if self.average is not None:
            for mean, stored in zip(self.average.module.parameters(), content["average"], strict=True):
                mean.detach().copy_(stored)
            self.average.n_averaged.fill_(content["step"] + 1)
        order = content["order"]
        self.batches.order = None if order is None else order.to(self.batches.draws.device)
        self.batches.position = content["position"]
        self._set_random(content["random"][self.processes.rank])
        self.step, self.seconds, self.sums = content["step"], content["seconds"], content["sums"]
        self.history.rows = content["history"]

    def _require_same_rates(self, folder: Path, content: dict[str, Any]) -> None:
        """Refuse a schedule that has the name of the stored run's but different values."""
        groups = content["optimizer"]["param_groups"]
        # Older checkpoints have the learning rates of their last step; those of LambdaLR, of the step that follows.
        made = content["step"] - (0 if "initial_lr" in groups[0] else 1)
        stored, rates = [group["lr"] for group in groups], optimizers.rates(self.schedule, made)
        if not all(math.isclose(*pair) for pair in zip(stored, rates, strict=True)):
            raise _different_run(folder, f"learning rates after {made} steps", stored, rates)

    def _random(self) -> dict[str, Tensor]:
        states = {"order": self.batches.draws.get_state(), "noise": self.noise.get_state()}
        states["cpu"] = torch.get_rng_state()
        if self.noise.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.noise.device)
        return states

    def _set_random(self, states: dict[str, Tensor]) -> None:
        self.batches.draws.set_state(states["order"])
        self.noise.set_state(states["noise"])
        torch.set_rng_state(states["cpu"])
        if "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], self.noise.device)


def has_checkpoint(folder: Path, processes: Processes) -> bool:
    """Return whether a folder has a checkpoint to resume from.

    Raises:
        ValueError: if only some of the processes see its checkpoint.
    """
    one, every = processes.everywhere((folder / FILE).is_file)
    if one and not every:
        raise ValueError(
            f"not all processes see the checkpoint in {folder}: put it where every host can read it"
        )
    return every


def read(folder: Path) -> dict[str, Any]:
    """Return the content of the checkpoint in a folder, on the CPU. Nothing in it is executed.

    Raises:
        ValueError: if there is no checkpoint that can be read.
    """
    try:
        return torch.load(folder / FILE, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler may raise anything if the bytes are not a checkpoint
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ValueError(
            f"{folder / FILE} cannot be read as a checkpoint ({reason}): train from the start in another folder"
        ) from None


def _different_run(folder: Path, name: str, stored: object, given: object) -> ValueError:
    return ValueError(
        f"{folder} contains a run with {name} = {stored}, got {given}: name another folder, or repeat that run"
    )
