"""Sampling from autoregressive models with row caches, compared with re-evaluating the whole image for each pixel.

    .venv/bin/python benchmarks/sampling.py                       # a few minutes on one core
    .venv/bin/python benchmarks/sampling.py --repeats 3 pixelcnn  # one of the models

Both ways draw from the same uniform numbers, in turn, in one process on one thread; the images are compared. The time
does not depend on the weights, so each model has the initial weights of its preset.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter

import torch
from measure import add_names, add_rounds, options_of, ratios
from sides import spread
from torch import nn

from autograder.tables import table
from dgm_helpers.training import registry

MODELS = ("gated_pixelcnn", "pixelcnn", "pixelcnn_pp", "pixelsnail")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen models and print one table."""
    parser = options_of(__doc__)
    add_names(parser, MODELS, "MODEL")
    parser.add_argument("--preset", default="laptop", help="Preset of each model (default: laptop).")
    parser.add_argument("--images", type=int, default=16, help="Images drawn at the same time (default: 16).")
    add_rounds(parser, 5, "--repeats")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        entries = [registry.find(name, options.preset) for name in options.names or MODELS]
    except ValueError as error:
        parser.error(str(error))
    rows = [compare(entry, options.images, options.repeats) for entry in entries]
    header = [
        f"{options.images} images, {options.preset} preset",
        "whole image per pixel",
        "row caches",
        "ratio",
        "images",
    ]
    print(table(header, rows))
    return 0


def compare(entry: registry.Entry, images: int, repeats: int) -> list[str]:
    """Sample both ways ``repeats`` times, in turn; return a row of the table."""
    torch.manual_seed(0)
    model = entry.build().eval()
    model.sample(1)  # the first call includes torch's initialization
    naive, cached, same = [], [], True
    for seed in range(repeats):
        slow, slow_seconds = timed(model, images, seed, cached=False)
        fast, fast_seconds = timed(model, images, seed, cached=True)
        naive.append(slow_seconds)
        cached.append(fast_seconds)
        same = same and torch.equal(slow, fast)
    return [
        entry.name,
        spread(naive, 1, " s"),
        spread(cached, 3, " s"),
        spread(ratios(naive, cached), 0),
        "equal" if same else "DIFFER",
    ]


def timed(model: nn.Module, images: int, seed: int, *, cached: bool) -> tuple[torch.Tensor, float]:
    """Return images drawn from a seed, and the seconds that this took."""
    generator = torch.Generator().manual_seed(seed)
    began = perf_counter()
    drawn = model.sample(images, generator=generator, cached=cached)
    return drawn, perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
