"""IWAE compared with pythae's: the time of a training step at K = 50, and of log p(x) by 5,000 importance samples.

    .venv/bin/python benchmarks/iwae.py                 # three minutes on one core, after pythae is installed
    .venv/bin/python benchmarks/iwae.py --rounds 5      # fewer repetitions

Both have Burda's network, 784-200-200-50, and the same weights, images, batch, number of threads and fused Adam, each
in its own process. They take turns, and a ratio compares successive times. pythae evaluates by its own `get_nll`. The
values of the two evaluations are compared, because they estimate the same number. The losses are not: pythae reports a
sum of normalized weights times log-weights, which is not a bound.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from measure import add_rounds, options_of
from peers import environment
from sides import Answer, Side, in_turns, ratios, spread

from autograder.tables import table
from dgm_helpers.models.iwae import IWAE

SIDES = Path(__file__).parent / "iwae_sides"
SIZES = ([200, 200], 50)  # hidden units and latents of Burda et al. (2016), one stochastic layer


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both and print a table."""
    parser = options_of(__doc__)
    parser.add_argument("--python", help="Interpreter that has pythae (default: that of a new environment).")
    add_rounds(parser, 15)
    parser.add_argument(
        "--batch", type=int, default=20, help="Images per training step (default: 20, as in the paper)."
    )
    parser.add_argument("--samples", type=int, default=50, help="K in training.")
    parser.add_argument("--steps", type=int, default=20, help="Training steps timed together.")
    parser.add_argument("--images", type=int, default=4, help="Images evaluated together.")
    parser.add_argument("--evaluation-samples", type=int, default=5000, help="K in evaluation.")
    parser.add_argument("--threads", type=int, default=1, help="Number of threads of each side.")
    options = parser.parse_args(arguments)
    python = options.python or environment("pythae")
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.pt"
        torch.manual_seed(0)
        torch.save(IWAE(hidden=(SIZES[0],), latent_dims=(SIZES[1],)).state_dict(), weights)
        with (
            Side(SIDES / "ours.py", threads=options.threads) as ours,
            Side(SIDES / "pythae.py", python, options.threads) as pythae,
        ):
            sides = {"pythae": pythae, "ours": ours}
            for side in sides.values():
                side.call(
                    "prepare", sizes=SIZES, samples=options.samples, batch=options.batch, weights=str(weights)
                )
            evaluated = in_turns(sides, "evaluate", options.rounds, images=options.images,
                                 samples=options.evaluation_samples)  # fmt: skip
            trained = in_turns(sides, "train", options.rounds, steps=options.steps)
    name = f"{options.batch} images, K = {options.samples}"
    rows = [row(f"training step, {name}", trained, options.steps)]
    name = f"{options.evaluation_samples} samples"
    rows.append(row(f"log p(x) of an image, {name}", evaluated, options.images))
    print(table(["", "pythae", "ours", "pythae / ours"], rows))
    for name, answers in evaluated.items():
        print(f"log p(x) by {name}: {spread([answer.value for answer in answers], 1, ' nats')}")
    return 0


def row(name: str, answers: dict[str, list[Answer]], units: int) -> list[str]:
    """Return a row of the table, in milliseconds per unit; ``units`` were timed together."""
    times = [spread([1000 * a.seconds / units for a in calls], 1, " ms") for calls in answers.values()]
    return [name, *times, spread(ratios(answers["pythae"], answers["ours"]))]


if __name__ == "__main__":
    sys.exit(main())
