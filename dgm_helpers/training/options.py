"""The options of ``dgm-train``, and what its ``--help`` says."""

import argparse
import ast
import math
from collections.abc import Callable
from typing import Any

DESCRIPTION = """Train a model on a data set. Its folder gets the checkpoint, the history (history.csv, curve.png), and
at the end the model and its samples (model.safetensors, samples.png). Ctrl-C writes a checkpoint; --resume continues
from the last one."""

EPILOG = """examples:
  dgm-train --list                                what there is to train
  dgm-train vae                                   a minute on two cores
  dgm-train vae --data digits --set data_dim=64 --set "hidden=(100,)" --steps 2000 --out runs/digits
  dgm-train vae --validation 1000 --learning-rate 0.003 --out runs/try      choose settings without the test split
  dgm-train --resume runs/digits --steps 4000     continue, here past the end
  torchrun --nproc-per-node 2 --no-python dgm-train nice

environment: DGM_DEVICE names the device (cpu, cuda, mps); DGM_DATA names a folder that contains the
files of data sets, or an address to download them from; DGM_QUIET turns off progress reports;
DGM_PLAIN=1 turns off the faster functions of dgm_helpers.kernels.
exit status: 0, 1 if training broke down, 2 for wrong input, 130 after Ctrl-C."""


def parser() -> argparse.ArgumentParser:
    """What reads the command line."""
    options = argparse.ArgumentParser(
        prog="dgm-train", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = options.add_argument
    add("model", nargs="?", metavar="MODEL", help="one of --list's")
    add(
        "--list",
        action="store_true",
        help="show models, presets, their size and the data they are trained on",
    )
    add("--preset", metavar="NAME", help="laptop, the default, paper, or another that the model has")
    add("--data", metavar="NAME", help="data set; the preset names one")
    add("--steps", type=_positive(int), metavar="N", help="updates in all; the preset says how many")
    add(
        "--minutes",
        type=_positive(float),
        metavar="M",
        help="time in all; with --steps, whichever ends first",
    )
    add(
        "--batch-size",
        type=_positive(int),
        metavar="N",
        help="images an update, over all processes; the preset has one",
    )
    add("--learning-rate", type=_positive(float), metavar="RATE", help="of the optimizer; the preset has one")
    add(
        "--validation",
        type=_positive(int),
        metavar="N",
        help="hold the last N training images out and measure on them, not on the test split: for choosing settings",
    )
    add(
        "--device",
        metavar="NAME",
        help="cpu, cuda or mps; a GPU where there is one, unless DGM_DEVICE names another",
    )
    add("--seed", type=_seed, metavar="N", help="of weights, order and noise; 0 unless given")
    add("--out", metavar="FOLDER", help="a new folder; runs/MODEL-PRESET-DATA unless given")
    add("--resume", metavar="FOLDER", help="continue the run in this folder, also past its end with --steps")
    add(
        "--bf16",
        action="store_true",
        default=None,
        help="bfloat16 autocast on a CPU too; a GPU has it anyway",
    )
    add(
        "--compile",
        action="store_true",
        default=None,
        help="compile the loss with torch.compile, a minute at first",
    )
    add(
        "--set",
        action="append",
        type=_assignment,
        metavar="KEY=VALUE",
        help="an argument of the model's constructor, for example latent_dim=2; as often as there are arguments to set",
    )
    return options


def _positive(kind: type) -> Callable[[str], Any]:
    def number(text: str) -> Any:
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text} is no finite number above 0")
        return value

    number.__name__ = kind.__name__  # argparse names it where the text is no number
    return number


def _seed(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise argparse.ArgumentTypeError(f"{text} has more than 64 bits")
    return value


_seed.__name__ = "int"  # argparse names it where the text is no number


def _assignment(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value
