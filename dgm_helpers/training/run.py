"""A training run in a folder: what was asked for, checkpoint, history, and at the end the model and its samples."""

import dataclasses
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dgm_helpers import data
from dgm_helpers.data.dequantization import bits_per_dim
from dgm_helpers.runtime import choose_device, seed_everything
from dgm_helpers.training import distributed, registry
from dgm_helpers.training.checkpoints import save_model, write_whole
from dgm_helpers.training.evaluation import evaluate, takes_labels
from dgm_helpers.training.fitting import build, changed, reason_of, require_fitting, require_statistics
from dgm_helpers.training.history import History
from dgm_helpers.training.loop import fit
from dgm_helpers.training.pictures import draw_curve, draw_samples
from dgm_helpers.training.progress import duration
from dgm_helpers.training.state import FILE, read

SETTINGS = "run.json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is: the command that makes it, in parts."""

    model: str
    preset: str
    data: str
    batch_size: int
    learning_rate: float
    seed: int
    steps: int | None = None
    minutes: float | None = None
    bf16: bool = False
    compile: bool = False
    set: dict[str, Any] = dataclasses.field(default_factory=dict)

    def command(self) -> str:
        """The command line that makes this run from the start."""
        words = ["dgm-train", self.model]
        for option, value in dataclasses.asdict(self).items():
            name = "--" + option.replace("_", "-")
            if option == "set":
                words += [word for key, item in value.items() for word in (name, f"{key}={item}")]
            elif value is True:
                words += [name]
            elif option != "model" and value is not None and value is not False:
                words += [name, str(value)]
        return shlex.join(words)

    def write(self, folder: Path) -> None:
        """Put them into a run's folder.

        Raises:
            ValueError: if it cannot be made, or nothing be written into it.
        """
        text = json.dumps(dataclasses.asdict(self), indent=2)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / SETTINGS, lambda part: part.write_text(text + "\n"))
        except OSError as error:
            reason = error.strerror or error
            raise ValueError(
                f"nothing can be written into {folder} ({reason}): name another by --out"
            ) from error

    @classmethod
    def read(cls, folder: Path) -> "Settings":
        """Those of a run's folder.

        Raises:
            ValueError: if the folder holds no run.
        """
        if not (folder / SETTINGS).is_file():
            raise ValueError(f"{folder} holds no run to go on with: there is no {SETTINGS} in it")
        try:
            settings = cls(**json.loads((folder / SETTINGS).read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(
                f"{folder} holds no run to go on with: {SETTINGS} cannot be read ({error})"
            ) from None
        # JSON made lists of the tuples, and the configuration of the model is to be the same again.
        return dataclasses.replace(settings, set={key: _tuples(value) for key, value in settings.set.items()})


@dataclass(frozen=True)
class Run:
    """A model with its data, ready to be trained in a folder; made before anything is written.

    Raises:
        ValueError: if the model, the data or the settings do not go together.
        ConnectionError: if the data have to be fetched and cannot be.
    """

    settings: Settings
    folder: Path
    processes: distributed.Processes
    entry: registry.Entry
    dataset: data.Dataset
    model: nn.Module

    @classmethod
    def prepare(cls, settings: Settings, folder: Path, *, new: bool) -> "Run":
        """Load the data, build the model, and try its loss on two images; a new run asks for a folder of its own."""
        device = choose_device()
        processes = distributed.start(device)
        if new and processes.rank == 0:
            _require_free(folder)
        entry = registry.find(settings.model, settings.preset)
        dataset = data.load(settings.data)
        seed_everything(settings.seed)
        model = build(entry, settings.set).to(device)
        require_fitting(model, dataset)
        require_statistics(model, settings.batch_size // processes.count)
        run = cls(settings, folder, processes, entry, dataset, model)
        try:
            run.evaluate(images=2)
        except (RuntimeError, TypeError, IndexError, AttributeError, ZeroDivisionError) as error:
            raise ValueError(
                f"{changed(entry, settings.set)} cannot compute its loss: {reason_of(error)}"
            ) from error
        return run

    def __str__(self) -> str:
        size = sum(parameter.numel() for parameter in self.model.parameters())
        device = next(self.model.parameters()).device.type
        many = f" in {self.processes.count} processes" if self.processes.count > 1 else ""
        return (
            f"{self.settings.model}, preset {self.settings.preset}: {type(self.model).__name__} of {size:,} parameters "
            f"on {device}{many}\n{self.dataset!r}\n{self.plan()}"
        )

    def plan(self) -> str:
        """How long the run is to last, and where it is kept."""
        steps, minutes = self.settings.steps, self.settings.minutes
        ends = [] if steps is None else [f"{steps:,} step{'' if steps == 1 else 's'}"]
        ends += [] if minutes is None else [duration(60 * minutes)]
        images, there = self.settings.batch_size, len(self.dataset.train)
        batch = f"{images:,} images a step" if images <= there else f"all {there:,} images in each step"
        return f"{' or '.join(ends)}, {batch}, in {self.folder}"

    def steps_made(self) -> int:
        """How many updates the checkpoint in the folder has seen; 0 if there is none.

        Raises:
            ValueError: if it cannot be read.
        """
        return read(self.folder)["step"] if (self.folder / FILE).is_file() else 0

    def train(self) -> History:
        """Train, or go on training, and leave checkpoint and settings in the folder."""
        if self.processes.rank == 0:
            self.settings.write(self.folder)
        wanted = self.settings
        changed = {"batch_size": wanted.batch_size, "learning_rate": wanted.learning_rate}
        return fit(
            self.model,
            self._inputs(self.dataset.train),
            labels=self.dataset.train_labels if takes_labels(self.model) else None,
            steps=wanted.steps,
            seconds=None if wanted.minutes is None else 60 * wanted.minutes,
            seed=wanted.seed,
            bf16=wanted.bf16 or None,
            compile=wanted.compile,
            folder=self.folder,
            lines=True,
            **self.entry.training.arguments() | changed,
        )

    def evaluate(self, images: int | None = None) -> dict[str, float]:
        """Averages of the loss's terms over the test split, or its first images; of a flow also bits per dimension."""
        reached = evaluate(
            self.model,
            self._inputs(self.dataset.test[:images]),
            self.dataset.test_labels[:images],
            transform=self.entry.training.transform,
        )
        if hasattr(self.model, "bits_per_dim") and self.model.levels is not None:
            log_prob, dimensions = torch.tensor(-reached["loss"]), self.dataset.test[0].numel()
            reached["bits_per_dim"] = float(bits_per_dim(log_prob, dimensions, self.model.levels))
        return reached

    def finish(self, history: History) -> dict[str, float]:
        """Write model, history, curve and samples, and return what the model reaches on the test split."""
        reached = self.evaluate()
        # Where time ran out, or fewer steps were asked for than had been made, others would not come to these weights.
        made = dataclasses.replace(self.settings, steps=history["step"][-1], minutes=None)
        save_model(
            self.model,
            self.folder / "model.safetensors",
            command=made.command(),
            preset=self.settings.preset,
            data=self.settings.data,
            seed=self.settings.seed,
            step=made.steps,
            metric={f"test {name}": value for name, value in reached.items()},
        )
        write_whole(self.folder / "history.csv", lambda part: part.write_text(history.to_csv()))
        draw_curve(history, self.folder / "curve.png")
        if hasattr(self.model, "sample"):
            draw_samples(self.model, self.dataset, self.folder / "samples.png")
        return reached

    def _inputs(self, images: Tensor) -> Tensor:
        """Images, or vectors for a model of vectors."""
        return images.flatten(1) if "data_dim" in self.model.config else images


def _require_free(folder: Path) -> None:
    """Refuse a folder with anything in it with a ValueError, but for the settings of a run that kept no step."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder by --out")
    there = {path.name for path in folder.iterdir()}
    if there <= {SETTINGS}:
        return
    if SETTINGS in there:
        raise ValueError(f"{folder} exists: --resume {folder} goes on with it, --out names another")
    raise ValueError(f"{folder} has files in it, but no run: name another by --out")


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
