"""FactorVAE and the convolutional β-VAE compared with pythae's: time and memory of a training step.

    .venv/bin/python benchmarks/disentangling.py                 # two minutes on one core, after pythae is installed
    .venv/bin/python benchmarks/disentangling.py factor_vae      # one of them

Both sides have the same networks, images, batch and fused Adam, each in its own process on one thread, and take turns.
pythae's discriminator has five layers of 1,000 units, so ours has five here. Memory is the peak of the tensors that one
update allocates and has not yet freed, beyond model, moments and images.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from measure import add_names, add_rounds, options_of
from peers import environment
from sides import Side, in_turns, ratios, spread

from autograder.tables import table

SIDES = Path(__file__).parent / "vae_sides"
CONV = {"image_size": 64, "maps": [32, 32, 64, 64], "hidden": [128], "latent_dim": 10}
MODELS = {
    # Two batches of 64, as in the paper; the networks of its appendix A.
    "factor_vae": ({**CONV, "gamma": 35.0, "discriminator_hidden": [1000] * 5}, 128),
    # Small networks for small images: mostly the cost of the game with the discriminator.
    "factor_vae_small": (
        {
            **CONV,
            "image_size": 16,
            "maps": [8],
            "hidden": [64],
            "gamma": 35.0,
            "discriminator_hidden": [1000] * 5,
        },
        128,
    ),
    "beta_vae": ({**CONV, "maps": [32] * 4, "hidden": [256, 256], "beta": 4.0}, 64),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen models and print one table."""
    parser = options_of(__doc__)
    add_names(parser, list(MODELS), "MODEL")
    parser.add_argument("--python", help="Interpreter that has pythae (default: that of a new environment).")
    add_rounds(parser, 9)
    parser.add_argument("--steps", type=int, default=4, help="Training steps timed together.")
    options = parser.parse_args(arguments)
    python = options.python or environment("pythae")
    rows = [compare(name, python, options.rounds, options.steps) for name in options.names or MODELS]
    header = [
        "training step",
        "pythae",
        "ours",
        "pythae / ours",
        "memory, pythae",
        "memory, ours",
        "ours / pythae",
    ]
    print(table(header, rows))
    return 0


def compare(name: str, python: Path | str, rounds: int, steps: int) -> list[str]:
    """Return a row of the table."""
    config, batch = MODELS[name]
    with Side(SIDES / "ours.py") as ours, Side(SIDES / "pythae.py", python) as pythae:
        sides = {"pythae": pythae, "ours": ours}
        settings = {
            "kind": name.removesuffix("_small"),
            "config": config,
            "batch": batch,
            "learning_rate": 1e-4,
        }
        sizes = {side.call("prepare", **settings).value for side in sides.values()}
        if len(sizes) != 1:
            raise SystemExit(f"both networks of {name} must have the same size, got {sizes} parameters")
        timed = in_turns(sides, "train", rounds, steps=steps)
        peaks = {name: side.call("memory").value for name, side in sides.items()}
    times = [spread([1000 * a.seconds / steps for a in calls], 0, " ms") for calls in timed.values()]
    memory = [f"{peak:.1f} MiB" for peak in peaks.values()]
    share = f"{peaks['ours'] / peaks['pythae']:.0%}"
    return [name, *times, spread(ratios(timed["pythae"], timed["ours"])), *memory, share]


if __name__ == "__main__":
    sys.exit(main())
