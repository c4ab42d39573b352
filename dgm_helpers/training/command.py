"""``dgm-train MODEL``: train a model by name, with checkpoints; ``dgm-train --list`` lists the models."""

import argparse
import dataclasses
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import torch

from dgm_helpers.data import ABSENT, EMBEDDED, RENDERED
from dgm_helpers.training import registry
from dgm_helpers.training.folder import Command
from dgm_helpers.training.history import History, explained, listed, meaningful
from dgm_helpers.training.options import parser
from dgm_helpers.training.progress import duration
from dgm_helpers.training.run import Run
from dgm_helpers.training.state import FILE as CHECKPOINT

LEGEND = f"""
laptop, the default preset, trains in about a minute on two cores; paper has the paper's numbers, for GPUs.
{", ".join((*EMBEDDED, *RENDERED))} need no network; other data are downloaded when first used.
The course cannot download {", ".join(ABSENT)}: train on your own copy with dgm_helpers.training.fit.
`dgm-train MODEL --preset PRESET` trains one of these, by default with the steps and images per batch shown here."""

FILES = {
    "model.safetensors": "the weights, for dgm_helpers.training.checkpoints.load_model",
    "history.csv": "every term of the loss, one row per 50 steps",
    "curve.png": "the loss against the step",
    "samples.png": "samples from the model",
    CHECKPOINT: "the state from which --resume continues",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit status: 0, 1 if training broke down, 2 for wrong input, 130 after Ctrl-C, 141 if the output pipe was
        closed, as by ``| head``.
    """
    try:
        status = _main(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # otherwise Python would complain at exit
        return 141
    return status


def _main(argv: Sequence[str] | None) -> int:
    began = monotonic()
    options = parser().parse_args(argv)
    if options.list:
        print(table(registry.entries()) + "\n" + LEGEND)
        return 0
    try:
        command, folder = asked_for(options)
    except ValueError as error:
        return _stop(error, 2)
    try:
        run = Run.prepare(command, folder, new=options.resume is None, device=options.device)
        with run.claim():
            return train(run, began)
    except KeyboardInterrupt:
        return _stop("stopped before the first checkpoint", 130)
    except BrokenPipeError:
        raise
    except (ValueError, ConnectionError) as error:  # the second is an OSError
        return _stop(error, 2)
    except FloatingPointError as error:
        return _stop(error, 1)
    except torch.OutOfMemoryError:
        return _stop("the GPU has too little memory for this batch: a smaller --batch-size needs less", 1)
    except OSError as error:
        if (folder / CHECKPOINT).exists():
            return _stop(
                f"{error}: free space, then continue from the last checkpoint with `dgm-train --resume {folder}`",
                1,
            )
        return _stop(f"{error}: free space, or choose another folder with --out", 1)


def _stop(reason: object, status: int) -> int:
    """Print the reason for stopping in one line, and return the exit status."""
    print(f"dgm-train: {reason}", file=sys.stderr)
    return status


def train(run: Run, began: float) -> int:
    """Train, print the results and the time since ``began``, and return the exit status."""
    main_process, again = run.processes.rank == 0, f"`dgm-train --resume {run.folder}"
    made = run.steps_made()
    if main_process:
        print(run, flush=True)
        if made:
            print(f"{made:,} steps were made already", flush=True)
    ready = monotonic()
    try:
        history = run.train()
    except KeyboardInterrupt:
        if not (run.folder / CHECKPOINT).exists():
            raise
        return _stop(f"stopped, with a checkpoint: {again}` continues", 130) if main_process else 130
    if not main_process:
        return 0
    trained, last = monotonic() - ready, history["step"][-1]
    if last == made:
        print(
            f"no steps were left to make: {again} --steps N` continues, with N above {made:,}",
            file=sys.stderr,
        )
    try:
        reached = run.finish(history)
    except KeyboardInterrupt:
        return _stop(
            f"stopped after the last step, before its results were written: {again}` writes them", 130
        )
    print("training, each row an average over at most 50 steps:")
    print(summary(history))
    print(f"{run.dataset.held_out} split, average over {len(run.dataset.test):,} images:")
    print(explained(run.model, reached))
    print(f"took {duration(monotonic() - began)} in total, {duration(trained)} of it training")
    print(files(run.folder))
    if not math.isfinite(reached["loss"]):
        broken = f"the last step broke the model, whose loss on the {run.dataset.held_out} split is {reached['loss']}"
        return _stop(f"{broken}: the usual fix is a smaller --learning-rate", 1)
    return 0


def files(folder: Path) -> str:
    """Return the files of a finished run and their contents, one file per line."""
    written = [(folder / name, content) for name, content in FILES.items() if (folder / name).exists()]
    width = max(len(str(path)) for path, _ in written)
    return "\n".join(f"{path!s:<{width}}  {content}" for path, content in written)


def asked_for(options: argparse.Namespace) -> tuple[Command, Path]:
    """Return the command that the options describe, and its folder.

    Raises:
        ValueError: if they describe no run, or a different run from the one to resume.
    """
    if options.resume is not None:
        return _resumed(options), Path(options.resume)
    if options.model is None:
        raise ValueError("MODEL is missing: `dgm-train --list` lists the models")
    preset = options.preset or "laptop"
    training = registry.find(options.model, preset).training
    command = Command(
        model=options.model,
        preset=preset,
        data=options.data or training.data,
        steps=options.steps or (None if options.minutes else training.steps),
        minutes=options.minutes,
        validation=options.validation,
        batch_size=options.batch_size or training.batch_size,
        learning_rate=options.learning_rate or training.learning_rate,
        seed=options.seed or 0,
        bf16=bool(options.bf16),
        compile=bool(options.compile),
        set=dict(options.set or []),
    )
    folder = Path(options.out or f"runs/{command.model}-{command.preset}-{command.data}")
    return command, folder


def _resumed(options: argparse.Namespace) -> Command:
    """Return the command in the folder, with a new end if one is given; all other options given must be the same."""
    command = Command.read(Path(options.resume))
    if options.out is not None:
        raise ValueError("--resume continues in its own folder: omit --out")
    fixed = [field.name for field in dataclasses.fields(Command) if field.name not in ("steps", "minutes")]
    for name in fixed:
        given, kept = getattr(options, name), getattr(command, name)
        given = dict(given) if name == "set" and given is not None else given
        if given is not None and given != kept:
            raise ValueError(
                f"{options.resume} contains a run with {name} {kept}, but {given} was given: omit that option"
            )
    if options.steps or options.minutes:
        return dataclasses.replace(command, steps=options.steps, minutes=options.minutes)
    return command


def table(entries: Sequence[registry.Entry]) -> str:
    """Return models, presets, parameters and training data as aligned columns."""
    rows = [("model", "preset", "class", "parameters", "data", "steps", "batch")]
    for entry in entries:
        training = entry.training
        rows.append((entry.name, entry.preset, entry.kind.__name__, f"{entry.parameters():,}", training.data,
                     f"{training.steps:,}", f"{training.batch_size:,}"))  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = (3, 5, 6)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def summary(history: History, most: int = 8) -> str:
    """Return at most ``most`` rows of the history as text, evenly spaced, including the last."""
    rows = history.rows[:: -max(1, -(-len(history) // most))][::-1]
    return "\n".join(
        f"step {row['step']:,}: " + listed(meaningful({name: row[name] for name in row if name != "step"}))
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
