"""PixelSNAIL's strictly causal attention, compared with the same attention with an explicit mask.

    .venv/bin/python benchmarks/attention.py                      # a minute on one core

An explicit mask is a matrix of all pairs of positions: half of the scores are computed in vain, and all of them are
kept for the backward pass. Queries and keys have 16 channels, values 128, as in the released model. Forward and
backward pass are timed in turns; both results and their gradients are compared.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence

import torch
from allocations import MIB, stored_bytes
from measure import add_rounds, options_of, ratios, take_turns
from sides import spread
from torch import Tensor

from autograder.tables import table
from dgm_helpers.layers.causal_attention import causal_attention

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size of image and print one table."""
    parser = options_of(__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[16, 28, 32], help="Pixels per side (default: 16 28 32)."
    )
    parser.add_argument("--batch", type=int, default=4, help="Number of images (default: 4).")
    add_rounds(parser, 15)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    header = [
        f"batch of {options.batch}, forward and backward",
        "explicit mask",
        "no mask",
        "ratio",
        "stored, explicit mask",
        "stored, no mask",
        "results differ by",
    ]
    print(table(header, [compare(size, options.batch, options.rounds) for size in options.sizes]))
    return 0


def compare(size: int, batch: int, rounds: int) -> list[str]:
    """Return a row of the table."""
    torch.manual_seed(0)
    inputs = [torch.randn(batch, size**2, channels, requires_grad=True) for channels in (16, 16, 128)]
    ways = {"explicit mask": masked_attention, "no mask": causal_attention}
    seconds = take_turns({name: lambda way=way: backward(way, inputs) for name, way in ways.items()}, rounds)
    results = [backward(way, inputs) for way in ways.values()]
    difference = max(float((one - other).detach().abs().max()) for one, other in zip(*results, strict=True))
    stored = {name: stored_bytes(lambda way=way: way(*inputs), inputs) for name, way in ways.items()}
    return [
        f"{size}×{size}",
        *(spread([1000 * s for s in seconds[name]], 0, " ms") for name in ways),
        spread(ratios(seconds["explicit mask"], seconds["no mask"]), 1),
        *(f"{stored[name] / MIB:.1f} MiB" for name in ways),
        f"{difference:.0e}",
    ]


def masked_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return the same attention in its usual form: all scores, a mask, a softmax, zeros for the first position."""
    positions = query.shape[1]
    mask = torch.ones(positions, positions, device=query.device).tril(-1)
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[2])
    weights = scores.masked_fill(mask == 0, -1e10).softmax(dim=2) * mask
    return weights @ value


def backward(attention: Attention, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Run one forward and one backward pass; return the result and the inputs' gradients."""
    result = attention(*inputs)
    return [result, *torch.autograd.grad(result.square().mean(), inputs)]


if __name__ == "__main__":
    sys.exit(main())
