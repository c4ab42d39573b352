"""What a training run is, as its folder says it: the command that makes it, in parts."""

import dataclasses
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgm_helpers.training.checkpoints import write_whole

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
    validation: int | None = None
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
            OSError: if nothing can be written into it.
        """
        text = json.dumps(dataclasses.asdict(self), indent=2)
        write_whole(folder / SETTINGS, lambda part: part.write_text(text + "\n"))

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


def require_new(folder: Path) -> None:
    """Refuse with a ValueError what is there already, but for an empty folder or a run that kept no step."""
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
