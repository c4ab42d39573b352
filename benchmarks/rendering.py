"""Images per second that the renderers of known factors draw, on one core.

    .venv/bin/python benchmarks/rendering.py     # half a minute

The values of the factors are drawn before the time is taken.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter

import torch
from measure import add_rounds, options_of
from sides import spread

from autograder.tables import table
from dgm_helpers.data import Heads, Renderer, Sprites

RENDERERS = {
    "sprites, 64×64": (Sprites(), 4_000),
    "sprites, 64×64, smooth edges": (Sprites(antialias=True), 400),
    "sprites, 64×64, in color": (Sprites(colors=6), 4_000),
    "sprites, 32×32": (Sprites(size=32), 16_000),
    "heads, 32×32": (Heads(), 500),
    "heads, 64×64": (Heads(size=64), 125),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each renderer and print a table."""
    parser = options_of(__doc__)
    add_rounds(parser, 9)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = [[name, spread(rates(*of, options.rounds), 0)] for name, of in RENDERERS.items()]
    print(table(["", "images per second"], rows))
    return 0


def rates(renderer: Renderer, pictures: int, rounds: int) -> list[float]:
    """Return images per second in each round, except for the first."""
    measured = []
    for seed in range(rounds + 1):
        values = renderer.factors.sample(pictures, torch.Generator().manual_seed(seed))
        began = perf_counter()
        renderer.render(values)
        measured.append(pictures / (perf_counter() - began))
    return measured[1:]


if __name__ == "__main__":
    sys.exit(main())
