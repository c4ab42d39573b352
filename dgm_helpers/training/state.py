"""All that a training run is between two steps: what a checkpoint holds, so that a run goes on exactly."""

import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dgm_helpers.runtime import generator
from dgm_helpers.training.average import WeightAverage
from dgm_helpers.training.checkpoints import write_whole
from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.examples import Batches
from dgm_helpers.training.history import History
from dgm_helpers.training.interrupt import interrupts

FILE = "checkpoint.pt"


@dataclass
class State:
    """A training run between two steps.

    Attributes:
        model: what is trained.
        optimizer: with its moments.
        schedule: factor of the learning rates, of steps and passes over the data; None if they stay.
        rates: learning rate of each of the optimiser's groups, to which the factor belongs.
        batches: the order of the data, and how far it is used.
        noise: draws the noise of transform and loss.
        average: of the weights, if one is kept.
        processes: that train together; each has random states of its own.
        identity: what makes it this run and no other, by name: a checkpoint of another is refused.
        step: updates made.
        seconds: that they took.
        sums: of the terms, since the last row of the history.
        history: rows so far.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: Callable[[int, float], float] | None
    rates: list[float]
    batches: Batches
    noise: torch.Generator
    average: WeightAverage | None
    processes: Processes
    identity: dict[str, Any]
    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    history: History = field(default_factory=History)

    @classmethod
    def begin(
        cls,
        model: nn.Module,
        size: int,
        optimizer: torch.optim.Optimizer,
        schedule: Callable[[int, float], float] | None,
        processes: Processes,
        identity: dict[str, Any],
    ) -> "State":
        """The state before the first step.

        Args:
            model: on its device, with the weights that all processes have.
            size: number of data points.
            optimizer: of the model, new.
            schedule: of the learning rates.
            processes: that train together.
            identity: the arguments of the run, among them batch_size, seed and weight_average.

        Raises:
            ValueError: if the batch cannot be shared among the processes.
        """
        decay, draws = (
            identity["weight_average"],
            generator(identity["seed"], next(model.parameters()).device),
        )
        batches = Batches(size, identity["batch_size"], draws)
        if batches.batch_size % processes.count:
            raise ValueError(
                f"a batch of {batches.batch_size} cannot be shared among {processes.count} processes"
            )
        return cls(
            model=model,
            optimizer=optimizer,
            schedule=schedule,
            rates=[group["lr"] for group in optimizer.param_groups],
            batches=batches,
            noise=processes.noise(identity["seed"], draws),
            average=None if decay is None else WeightAverage(model, decay),
            processes=processes,
            identity={**identity, "processes": processes.count},
        )

    def update(self, loss: Tensor) -> None:
        """Make the step that descends this loss."""
        for group, rate in zip(self.optimizer.param_groups, self.learning_rates(self.step - 1), strict=True):
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        if self.average:
            self.average.update(self.step)

    def learning_rates(self, steps: int) -> list[float]:
        """Of the optimiser's groups, in the step that follows so many.

        Raises:
            ValueError: if the schedule gives no number of at least 0.
        """
        if self.schedule is None:
            return self.rates
        factor = float(self.schedule(steps, steps / self.batches.per_epoch))
        if not 0 <= factor < math.inf:
            raise ValueError(
                f"after {steps} steps the schedule gives {factor}: a learning rate's factor is at least 0"
            )
        return [rate * factor for rate in self.rates]

    def log(self, terms: dict[str, float], *, end_row: bool) -> None:
        """Add a step's terms up, and make a row of their averages if it ends here."""
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if end_row:
            count = self.step - (self.history.rows[-1]["step"] if self.history.rows else 0)
            self.history.add(self.step, {name: total / count for name, total in self.sums.items()})
            self.sums = {}

    def interrupts(self, *, wait: bool) -> AbstractContextManager[threading.Event]:
        """An event that Ctrl-C sets, if it is to wait for the end of a step."""
        return interrupts(wait=wait, patient=self.processes.count > 1)

    def save(self, folder: Path) -> None:
        """Write the checkpoint of this step in the place of the last one; process 0 does.

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
            "average": self.average and self.average.weights, "order": self.batches.order,
            "position": self.batches.position, "random": random,
        }  # fmt: skip
        write_whole(folder / FILE, lambda part: torch.save(content, part))

    def require_finite(self, consequence: str) -> None:
        """Refuse weights that are not numbers: a loss that is finite may have a gradient that is not.

        Raises:
            FloatingPointError: with the weight's name, the step, and what was done about it.
        """
        for name, weight in self.model.named_parameters():
            if not weight.isfinite().all():
                raise FloatingPointError(
                    f"step {self.step}: {name} is not finite; {consequence}. A smaller learning rate is the usual way "
                    "out."
                )

    def resume(self, folder: Path) -> None:
        """Take over the checkpoint in a folder; torch's global random state too, for dropout.

        Raises:
            ValueError: if it is of another run, or cannot be read.
        """
        content = read(folder)
        for name, value in self.identity.items():
            if (there := content["identity"].get(name)) != value:
                raise _another_run(folder, name, there, value)
        # Functions of one name may differ in what they say: the last step of the other run tells.
        rates = [group["lr"] for group in content["optimizer"]["param_groups"]]
        here = self.learning_rates(content["step"] - 1)
        if not all(math.isclose(*pair) for pair in zip(rates, here, strict=True)):
            raise _another_run(folder, f"learning rates of step {content['step']}", rates, here)
        self.model.load_state_dict(content["model"])
        self.optimizer.load_state_dict(content["optimizer"])
        if self.average:
            for average, stored in zip(self.average.weights, content["average"], strict=True):
                average.copy_(stored)
        order = content["order"]
        self.batches.order = None if order is None else order.to(self.batches.draws.device)
        self.batches.position = content["position"]
        self._set_random(content["random"][self.processes.rank])
        self.step, self.seconds, self.sums = content["step"], content["seconds"], content["sums"]
        self.history.rows = content["history"]

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
    """Whether the run of a folder goes on.

    Raises:
        ValueError: if only some of the processes see its checkpoint.
    """
    one, every = processes.everywhere((folder / FILE).is_file)
    if one and not every:
        raise ValueError(f"not all processes see the checkpoint in {folder}: put it where every host has it")
    return every


def read(folder: Path) -> dict[str, Any]:
    """The content of the checkpoint in a folder, on the CPU. Nothing in it is executed.

    Raises:
        ValueError: if there is none that can be read.
    """
    try:
        return torch.load(folder / FILE, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the unpickler makes of bytes that are no checkpoint
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ValueError(
            f"{folder / FILE} cannot be read as a checkpoint ({reason}): train anew in another folder"
        ) from None


def _another_run(folder: Path, name: str, there: object, here: object) -> ValueError:
    return ValueError(
        f"{folder} holds a run with {name} = {there}, not {here}: name another folder, or the same run"
    )
