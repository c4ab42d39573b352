"""A training step of NICE, compared with the same flow built from zuko's parts.

    .venv/bin/python benchmarks/nice.py                           # MNIST's size, about two minutes on one core

The flow has four additive couplings with networks of five hidden layers; the paper has 1,000 units per layer. Each side
is a process with its own environment; they take turns (`sides.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from measure import add_rounds, options_of
from peers import environment
from sides import Side, in_turns, ratios, spread

from autograder.tables import table

SIDES = Path(__file__).with_name("zuko_nice.py")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each width and print one table."""
    parser = options_of(__doc__)
    parser.add_argument(
        "--hidden",
        type=int,
        nargs="*",
        default=[200, 1000],
        help="Units per hidden layer (default: 200 1000).",
    )
    parser.add_argument("--batch", type=int, default=128, help="Images per training step (default: 128).")
    add_rounds(parser, 15)
    options = parser.parse_args(arguments)
    rows = []
    with Side(SIDES) as ours, Side(SIDES, environment("zuko")) as theirs:
        for hidden in options.hidden:
            for name, side in (("ours", ours), ("zuko", theirs)):
                side.call(f"prepare_{name}", data_dim=784, hidden=hidden, batch=options.batch)
            sizes = [f"{side.call('parameters').value:,}" for side in (theirs, ours)]
            answers = in_turns({"zuko": theirs, "ours": ours}, "step", options.rounds, warm_up=2)
            rows.append(
                [
                    f"5 × {hidden}",
                    " / ".join(sizes),
                    *(spread([1000 * a.seconds for a in answers[name]], 0, " ms") for name in answers),
                    spread(ratios(answers["zuko"], answers["ours"])),
                ]
            )
    print(
        table([f"batch of {options.batch}", "parameters, zuko / ours", "zuko", "ours", "zuko / ours"], rows)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
