"""The folder of a run of ``dgm-train``: which process has claimed it, and the command that makes the run."""

import dataclasses
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dgm_helpers.training.checkpoints import write_whole

COMMAND = "run.json"
LOCK = ".lock"


@contextmanager
def claimed(folder: str | Path | None) -> Iterator[None]:
    """Create a folder if necessary, and keep other processes from training in it until the end.

    If two runs took turns writing its checkpoint, it would match neither. The system releases the lock when a process
    is killed; its empty file stays. Within this process a folder can be claimed again.

    Args:
        folder: the folder; None claims nothing.

    Raises:
        ValueError: if another process has claimed it.
        OSError: if it cannot be created, or not be written into.
    """
    if folder is None:
        yield
        return
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(folder / LOCK, is_singleton=True).acquire(timeout=0)
    except Timeout:
        raise ValueError(
            f"another process is training in {folder}: wait until it ends, or name a different folder"
        ) from None
    with lock:
        yield


@dataclass(frozen=True, kw_only=True)
class Command:
    """The command that makes a run, in parts: its options by name."""

    model: str
    preset: str
    data: str
    batch_size: int
    learning_rate: float
    seed: int
    steps: int | None = None
    minutes: float | None = None
    validation: int | None = None
    bf16: bool = False
    compile: bool = False
    set: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        """Return the command line that makes this run from the start."""
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
        """Write the command into a run's folder.

        Raises:
            OSError: if it cannot be written.
        """
        text = json.dumps(dataclasses.asdict(self), indent=2)
        write_whole(folder / COMMAND, lambda part: part.write_text(text + "\n"))

    @classmethod
    def read(cls, folder: Path) -> "Command":
        """Return the command in a run's folder.

        Raises:
            ValueError: if the folder does not contain a run.
        """
        if not (folder / COMMAND).is_file():
            raise ValueError(f"{folder} does not contain a run to resume: {COMMAND} is missing")
        try:
            command = cls(**json.loads((folder / COMMAND).read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(
                f"{folder} does not contain a run to resume: {COMMAND} cannot be read ({error})"
            ) from None
        # JSON turned tuples into lists, but the model's configuration must be the same as before.
        return dataclasses.replace(command, set={key: _tuples(value) for key, value in command.set.items()})


def require_new(folder: Path) -> None:
    """Refuse an existing folder with a ValueError, unless it is empty or its run kept no step."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder with --out")
    names = {path.name for path in folder.iterdir()} - {LOCK}
    if names <= {COMMAND}:
        return
    if COMMAND in names:
        raise ValueError(
            f"{folder} exists: resume it with --resume {folder}, or name another folder with --out"
        )
    raise ValueError(f"{folder} is not empty and does not contain a run: name another folder with --out")


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
