"""A training run in a folder: its command, checkpoint and history, and at the end the model and its samples."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dgm_helpers import data, plots
from dgm_helpers.metrics.bits_per_dimension import bits_per_dim
from dgm_helpers.models.normalizing_flow import NormalizingFlow
from dgm_helpers.models.protocol import Samples
from dgm_helpers.runtime import choose_device, generator, seed_everything
from dgm_helpers.training import distributed, registry
from dgm_helpers.training.checkpoints import save_model, write_whole
from dgm_helpers.training.evaluation import evaluate, takes_labels
from dgm_helpers.training.fitting import build, changed, reason_of, require_fitting, require_statistics
from dgm_helpers.training.folder import Command, claimed, require_new
from dgm_helpers.training.history import History, meaningful
from dgm_helpers.training.loop import fit
from dgm_helpers.training.progress import duration
from dgm_helpers.training.state import FILE, read


@dataclass(frozen=True)
class Run:
    """A model with its data, ready to be trained in a new or an existing folder; preparing it writes nothing there.

    Raises:
        ValueError: if the model, the data or the settings do not go together.
        ConnectionError: if the data must be downloaded and cannot be.
    """

    command: Command
    folder: Path
    new: bool
    processes: distributed.Processes
    entry: registry.Entry
    dataset: data.Dataset
    model: nn.Module

    @classmethod
    def prepare(cls, command: Command, folder: Path, *, new: bool, device: str | None = None) -> "Run":
        """Load the data, build the model, and try its loss on two images; a new run must have a new folder."""
        device = choose_device(device)
        processes = distributed.start(device)
        if new and processes.rank == 0:
            require_new(folder)
        entry = registry.find(command.model, command.preset)
        dataset = data.load(command.data)
        if command.validation is not None:
            dataset = dataset.validation(command.validation)
        seed_everything(command.seed)
        model = build(entry, command.set).to(device)
        require_fitting(model, dataset)
        require_statistics(model, command.batch_size // processes.count)
        run = cls(command, folder, new, processes, entry, dataset, model)
        try:
            run.evaluate(images=2)
        except (RuntimeError, TypeError, IndexError, AttributeError, ZeroDivisionError) as error:
            raise ValueError(
                f"{changed(entry, command.set)} cannot compute its loss: {reason_of(error)}"
            ) from error
        return run

    def __str__(self) -> str:
        size = sum(parameter.numel() for parameter in self.model.parameters())
        device = next(self.model.parameters()).device.type
        many = f" in {self.processes.count} processes" if self.processes.count > 1 else ""
        return (
            f"{self.command.model}, preset {self.command.preset}: {type(self.model).__name__} of {size:,} parameters "
            f"on {device}{many}\n{self.dataset!r}\n{self.plan()}"
        )

    def plan(self) -> str:
        """Return the run's length, batch and folder as text."""
        steps, minutes = self.command.steps, self.command.minutes
        ends = [] if steps is None else [f"{steps:,} step{'' if steps == 1 else 's'}"]
        ends += [] if minutes is None else [duration(60 * minutes)]
        images, available = self.command.batch_size, len(self.dataset.train)
        batch = (
            f"{images:,} images per step" if images <= available else f"all {available:,} images in each step"
        )
        return f"{' or '.join(ends)}, {batch}, in {self.folder}"

    def steps_made(self) -> int:
        """Return the number of updates of the checkpoint in the folder; 0 without a checkpoint.

        Raises:
            ValueError: if it cannot be read.
        """
        return read(self.folder)["step"] if (self.folder / FILE).is_file() else 0

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Keep other runs out of the folder, and write the command into it; only process 0 does so.

        Raises:
            ValueError: if another run has claimed it, or nothing can be written into it.
        """
        if self.processes.rank:
            yield
            return
        with ExitStack() as until_the_end:
            try:
                until_the_end.enter_context(claimed(self.folder))
                if self.new:
                    require_new(self.folder)  # another run may have used it while the data were loaded
                self.command.write(self.folder)
            except OSError as error:
                reason = (error.__cause__ or error).strerror or error
                fix = "name another folder with --out" if self.new else "make it writable to resume its run"
                raise ValueError(f"nothing can be written into {self.folder} ({reason}): {fix}") from error
            yield

    def train(self) -> History:
        """Train, or resume training, and leave a checkpoint in the folder."""
        command = self.command
        changed = {"batch_size": command.batch_size, "learning_rate": command.learning_rate}
        return fit(
            self.model,
            self._inputs(self.dataset.train),
            labels=self.dataset.train_labels if takes_labels(self.model) else None,
            steps=command.steps,
            seconds=None if command.minutes is None else 60 * command.minutes,
            seed=command.seed,
            bf16=command.bf16 or None,
            compile=command.compile,
            folder=self.folder,
            lines=True,
            **self.entry.training.arguments() | changed,
        )

    def evaluate(self, images: int | None = None) -> dict[str, float]:
        """Return the mean of each term over the first held-out images (default: all); for a flow also bits/dim."""
        reached = evaluate(
            self.model,
            self._inputs(self.dataset.test[:images]),
            self.dataset.test_labels[:images],
            transform=self.entry.training.transform,
        )
        if isinstance(self.model, NormalizingFlow) and self.model.levels is not None:
            log_prob, dimensions = torch.tensor(-reached["loss"]), self.dataset.test[0].numel()
            reached["bits_per_dim"] = float(bits_per_dim(log_prob, dimensions, self.model.levels))
        return reached

    def finish(self, history: History) -> dict[str, float]:
        """Write model, history, curve and samples; return the mean of each term over the held-out images."""
        reached = self.evaluate()
        # If time ran out, or the steps given are fewer than those already made, only the steps made give these weights.
        made = replace(self.command, steps=history["step"][-1], minutes=None)
        save_model(
            self.model,
            self.folder / "model.safetensors",
            command=str(made),
            preset=self.command.preset,
            data=self.command.data,
            seed=self.command.seed,
            step=made.steps,
            metric={f"{self.dataset.held_out} {name}": value for name, value in reached.items()},
        )
        write_whole(self.folder / "history.csv", lambda part: part.write_text(history.to_csv()))
        draw_curve(history, self.folder / "curve.png")
        if isinstance(self.model, Samples):
            draw_samples(self.model, self.dataset, self.folder / "samples.png")
        return reached

    def _inputs(self, images: Tensor) -> Tensor:
        """Return the images, flattened to vectors for a model of vectors."""
        return images.flatten(1) if "data_dim" in self.model.config else images


def draw_curve(history: History, path: Path) -> None:
    """Draw the loss, or each player's, against the step, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    ax, shown = figure.add_subplot(), meaningful(history.rows[-1])
    if "loss" in shown:
        history.plot(ax)
    else:
        players = ("vae",) if "vae" in shown else ("discriminator", "generator")
        history.plot(ax, players, unit="loss of each player")
    write_whole(path, lambda part: part.write_bytes(plots.to_png(figure)))


@torch.no_grad()
def draw_samples(model: nn.Module, dataset: data.Dataset, path: Path, n: int = 60) -> None:
    """Draw samples in a grid of ten columns, as a PNG; a conditional model gets one class per column."""
    device = next(model.parameters()).device
    condition = (
        {"label": torch.arange(n, device=device) % model.config["classes"]} if takes_labels(model) else {}
    )
    images = model.sample(n, **condition, generator=generator(0, device))
    figure = plots.image_page(images.reshape(n, *dataset.train.shape[1:]))
    write_whole(path, lambda part: part.write_bytes(plots.to_png(figure)))
