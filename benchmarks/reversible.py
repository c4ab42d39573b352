"""Stored activations and step time of a reversible chain, compared with plain autograd and checkpointing.

    .venv/bin/python benchmarks/reversible.py                     # depths 8 to 64, about three minutes on one core
    .venv/bin/python benchmarks/reversible.py --depths 8 16       # only these depths
    .venv/bin/python benchmarks/reversible.py --peer              # compared with memcnn, in its own environment

All do the same arithmetic with the same weights: RevNet's blocks, with batch normalization and ReLU before each of two
convolutions in F and in G. Plain autograd stores all activations. Checkpointing (torch.utils.checkpoint, not reentrant,
one block at a time) stores each block's input and computes the block again. They take turns in one run, and a ratio
compares times measured one after the other.

Recovered activations differ in the last digits of float32. If one of them crosses the kink of a ReLU, a gradient
changes by more: by 1e-4 relative to all gradients together, compared with 5e-7 for a smooth activation.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from allocations import MIB, stored_bytes
from measure import add_rounds, options_of, ratios, take_turns
from peers import environment
from sides import Side, in_turns, spread
from sides import ratios as ratios_of_answers
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from autograder.tables import table
from dgm_helpers.layers.reversible import ReversibleChain, reversible_block
from dgm_helpers.models.revnet import residual_function

Run = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each depth and print two tables."""
    parser = options_of(__doc__)
    parser.add_argument("--depths", type=int, nargs="*", default=[8, 16, 32, 64], help="Numbers of blocks.")
    add_rounds(parser, 15)
    parser.add_argument("--batch", type=int, default=16, help="Images per training step.")
    parser.add_argument("--channels", type=int, default=64, help="Channels of both halves together.")
    parser.add_argument("--size", type=int, default=16, help="Height and width of the feature maps.")
    parser.add_argument("--threads", type=int, default=1, help="Number of threads.")
    parser.add_argument("--peer", action="store_true", help="Compare with memcnn instead of plain autograd.")
    options = parser.parse_args(arguments)
    if options.peer:
        print(beside_memcnn(options))
        return 0
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    halves = torch.randn(options.batch, options.channels, options.size, options.size).chunk(2, dim=1)
    memory, time = [], []
    for depth in options.depths:
        runs = kinds(depth, options.channels)
        stored = {
            name: stored_bytes(lambda run=run: run(*leaves(halves)), model.parameters())
            for name, (model, run) in runs.items()
        }
        times = step_times(runs, halves, options.rounds)
        error = gradient_error(runs, halves)
        memory.append([str(depth), *(f"{stored[name] / MIB:.1f} MiB" for name in runs)])
        plain = times["plain autograd"]
        for name in runs:
            milliseconds = spread([1000 * seconds for seconds in times[name]], 0, " ms")
            time.append(
                [
                    f"{depth} blocks, {name}",
                    milliseconds,
                    spread(ratios(times[name], plain)),
                    f"{error[name]:.0e}",
                ]
            )
    shape = f"{options.batch} × {options.channels} × {options.size} × {options.size}"
    print(table([f"stored for {shape}, blocks", *runs], memory) + "\n")
    header = ["a training step", "median (quartiles)", "ratio to plain autograd", "gradients differ by"]
    print(table(header, time))
    return 0


def kinds(depth: int, channels: int) -> dict[str, tuple[nn.Module, Run]]:
    """Return the same chain for each way to run it, each with its own copy of the same initial weights."""
    half = channels // 2
    steps = []
    for _ in range(depth):
        steps += reversible_block(*(residual_function(half, half, 1, False) for _ in "fg"))
    chain = ReversibleChain(steps)
    plain, checkpointed = copy.deepcopy(chain), copy.deepcopy(chain)
    plain.store_activations = True

    def by_checkpoints(x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
        def block(i: int, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
            return checkpointed.steps[2 * i + 1](*checkpointed.steps[2 * i](x1, x2))

        for i in range(depth):
            x1, x2 = checkpoint(block, i, x1, x2, use_reentrant=False)
        return x1, x2

    return {
        "plain autograd": (plain, plain),
        "checkpointing": (checkpointed, by_checkpoints),
        "reversible": (chain, chain),
    }


def step_times(
    runs: dict[str, tuple[nn.Module, Run]], halves: Sequence[Tensor], rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of forward and backward passes, measured in turns."""

    def step(model: nn.Module, run: Run) -> None:
        model.zero_grad(set_to_none=True)
        backward(run, halves)

    return take_turns({name: lambda pair=pair: step(*pair) for name, pair in runs.items()}, rounds)


def gradient_error(runs: dict[str, tuple[nn.Module, Run]], halves: Sequence[Tensor]) -> dict[str, float]:
    """Return the relative distance of all gradients together from those of plain autograd."""
    gradients = {}
    for name, (model, run) in runs.items():
        model.zero_grad(set_to_none=True)
        backward(run, halves)
        gradients[name] = torch.cat([p.grad.flatten() for p in model.parameters()])
    plain = gradients["plain autograd"]
    return {name: float((mine - plain).norm() / plain.norm()) for name, mine in gradients.items()}


def backward(run: Run, halves: Sequence[Tensor]) -> None:
    """Run one forward and one backward pass."""
    y1, y2 = run(*leaves(halves))
    (y1.square().mean() + y2.square().mean()).backward()


def leaves(halves: Sequence[Tensor]) -> list[Tensor]:
    """Return inputs that need gradients, as after a first convolution."""
    return [half.clone().requires_grad_() for half in halves]


def beside_memcnn(options: argparse.Namespace) -> str:
    """Return the table of step times compared with memcnn, each side in its own process."""
    file = Path(__file__).with_name("memcnn_chain.py")
    sizes = {"batch": options.batch, "channels": options.channels, "size": options.size}
    rows = []
    with Side(file) as ours, Side(file, environment("memcnn")) as theirs:
        for depth in options.depths:
            ours.call("prepare_ours", depth=depth, **sizes)
            theirs.call("prepare_memcnn", depth=depth, **sizes)
            answers = in_turns({"memcnn": theirs, "ours": ours}, "step", options.rounds)
            times = [spread([1000 * a.seconds for a in answers[name]], 0, " ms") for name in answers]
            rows.append(
                [f"{depth} blocks", *times, spread(ratios_of_answers(answers["memcnn"], answers["ours"]))]
            )
    return table(["a training step", "memcnn", "ours", "memcnn / ours"], rows)


if __name__ == "__main__":
    sys.exit(main())
