"""All that a training run is between two steps: what a checkpoint holds, so that a run goes on exactly."""

import pickle
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dgm_helpers.runtime import generator
from dgm_helpers.training import distributed
from dgm_helpers.training.average import WeightAverage
from dgm_helpers.training.checkpoints import write_whole
from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.history import History
from dgm_helpers.training.interrupt import interrupts

FILE = "checkpoint.pt"


class Batches:
    """Indices of one batch after another, for ever: each epoch in a new order, its last short batch left out.

    Args:
        size: number of data points.
        batch_size: of which so many make a batch, at most ``size``.
        draws: the generator of the order.
    """

    def __init__(self, size: int, batch_size: int, draws: torch.Generator) -> None:
        self.size, self.batch_size, self.draws = size, batch_size, draws
        self.order: Tensor | None = None
        self.position = size

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        if self.position + self.batch_size > self.size:
            self.order = torch.randperm(self.size, generator=self.draws, device=self.draws.device)
            self.position = 0
        self.position += self.batch_size
        return self.order[self.position - self.batch_size : self.position]


@dataclass
class State:
    """A training run between two steps.

    Attributes:
        model: what is trained.
        optimizer: with its moments.
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
        cls, model: nn.Module, size: int, groups: list[dict[str, Any]], identity: dict[str, Any]
    ) -> "State":
        """The state before the first step.

        Args:
            model: on its device.
            size: number of data points.
            groups: Adam's parameter groups.
            identity: the arguments of the run, among them batch_size, learning_rate, seed and weight_average.

        Raises:
            ValueError: if the batch cannot be shared among the processes.
        """
        processes = distributed.start(next(model.parameters()).device)
        batch_size, decay = min(identity["batch_size"], size), identity["weight_average"]
        if batch_size % processes.count:
            raise ValueError(f"a batch of {batch_size} cannot be shared among {processes.count} processes")
        draws = generator(identity["seed"], next(model.parameters()).device)
        return cls(
            model=model,
            optimizer=torch.optim.Adam(groups, lr=identity["learning_rate"], fused=True),
            batches=Batches(size, batch_size, draws),
            noise=processes.noise(identity["seed"], draws),
            average=None if decay is None else WeightAverage(model, decay),
            processes=processes,
            identity={**identity, "processes": processes.count},
        )

    def update(self, loss: Tensor) -> None:
        """Make the step that descends this loss."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        if self.average:
            self.average.update(self.step)

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
        for name, weight in self.model.named_parameters():
            if not weight.isfinite().all():
                raise FloatingPointError(
                    f"step {self.step}: {name} is not finite; no checkpoint of it was written. A smaller learning "
                    "rate is the usual way out."
                )
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "identity": self.identity, "step": self.step, "seconds": self.seconds, "sums": self.sums,
            "history": self.history.rows, "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
            "average": self.average and self.average.weights, "order": self.batches.order,
            "position": self.batches.position, "random": random,
        }  # fmt: skip
        write_whole(folder / FILE, lambda part: torch.save(content, part))

    def resume(self, folder: Path) -> None:
        """Take over the checkpoint in a folder, if there is one; torch's global random state too, for dropout.

        Raises:
            ValueError: if it is of another run, or cannot be read.
        """
        if not (folder / FILE).is_file():
            return
        content = read(folder)
        for name, value in self.identity.items():
            if (there := content["identity"].get(name)) != value:
                raise ValueError(
                    f"{folder} holds a run with {name} = {there}, not {value}: name another folder, or the same run"
                )
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


def read(folder: Path) -> dict[str, Any]:
    """The content of the checkpoint in a folder, on the CPU. Nothing in it is executed.

    Raises:
        ValueError: if there is none that can be read.
    """
    try:
        return torch.load(folder / FILE, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{folder / FILE} cannot be read as a checkpoint ({reason})") from None
