"""The options of ``dgm-train``, and the text of its ``--help``."""

import argparse
import ast
import math
from collections.abc import Callable
from typing import Any

DESCRIPTION = """Train a model on a data set. Its folder gets the checkpoint, the history (history.csv, curve.png), and
at the end the model and its samples (model.safetensors, samples.png). Ctrl-C writes a checkpoint; --resume continues
from the last one."""

EPILOG = """examples:
  dgm-train --list                                list the models and presets
  dgm-train vae                                   train a VAE, a minute on two cores
  dgm-train vae --data digits --set data_dim=64 --set "hidden=(100,)" --steps 2000 --out runs/digits
  dgm-train vae --validation 1000 --learning-rate 0.003 --out runs/try      choose settings without the test split
  dgm-train --resume runs/digits --steps 4000     continue, here past the end
  torchrun --nproc-per-node 2 --no-python dgm-train nice

environment: DGM_DEVICE names the device (cpu, cuda, mps); DGM_DATA names a folder that contains the
files of data sets, or an address to download them from; DGM_QUIET turns off progress reports;
DGM_PLAIN=1 turns off the faster functions of dgm_helpers.kernels.
exit status: 0, 1 if training broke down, 2 for wrong input, 130 after Ctrl-C."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    options = argparse.ArgumentParser(
        prog="dgm-train", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = options.add_argument
    add("model", nargs="?", metavar="MODEL", help="name of a model that --list shows")
    add(
        "--list",
        action="store_true",
        help="show models, presets, their size and the data they are trained on",
    )
    add("--preset", metavar="NAME", help="laptop, paper, or another preset of the model (default: laptop)")
    add("--data", metavar="NAME", help="data set (default: the preset's)")
    add("--steps", type=_positive(int), metavar="N", help="total number of updates (default: the preset's)")
    add(
        "--minutes",
        type=_positive(float),
        metavar="M",
        help="total time in minutes; with --steps, whichever ends first",
    )
    add(
        "--batch-size",
        type=_positive(int),
        metavar="N",
        help="images per update, over all processes (default: the preset's)",
    )
    add(
        "--learning-rate",
        type=_positive(float),
        metavar="RATE",
        help="the optimizer's learning rate (default: the preset's)",
    )
    add(
        "--validation",
        type=_positive(int),
        metavar="N",
        help="hold out the last N training images and evaluate on them, not on the test split, to choose settings",
    )
    add(
        "--device",
        metavar="NAME",
        help="cpu, cuda or mps (default: DGM_DEVICE, else a GPU if there is one)",
    )
    add("--seed", type=_seed, metavar="N", help="seed for weights, order and noise (default: 0)")
    add("--out", metavar="FOLDER", help="a new folder (default: runs/MODEL-PRESET-DATA)")
    add("--resume", metavar="FOLDER", help="continue the run in this folder, with --steps even past its end")
    add(
        "--bf16",
        action="store_true",
        default=None,
        help="use bfloat16 autocast on a CPU too; a CUDA GPU always does",
    )
    add(
        "--compile",
        action="store_true",
        default=None,
        help="compile the loss with torch.compile, which takes about a minute at first",
    )
    add(
        "--set",
        action="append",
        type=_assignment,
        metavar="KEY=VALUE",
        help="an argument of the model's constructor, for example latent_dim=2; repeat the option for each argument",
    )
    return options


def _positive(kind: type) -> Callable[[str], Any]:
    def number(text: str) -> Any:
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"must be a finite number above 0, got {text}")
        return value

    number.__name__ = kind.__name__  # argparse names it if the text is not a number
    return number


def _seed(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise argparse.ArgumentTypeError(f"must fit in 64 bits, got {text}")
    return value


_seed.__name__ = "int"  # argparse names it if the text is not a number


def _assignment(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"must be KEY=VALUE, got {text!r}")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value
