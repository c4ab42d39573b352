"""Oracles of lecture 01's checks: which place sees which one, correlation and gate by scipy, and typical mistakes."""

from collections.abc import Iterable

import numpy as np
import torch
from scipy.signal import correlate2d
from scipy.special import expit
from torch import Tensor


def window_mistakes(expected: Tensor, kind: str) -> dict[str, Tensor]:
    """Return the masks of the window that typical mistakes give, ``[k, k]``, by hint."""
    size = len(expected)
    middle, row, column = size // 2, torch.arange(size)[:, None], torch.arange(size)
    other = expected.clone()
    other[middle, middle] = 1 - other[middle, middle]
    hint = "mask B instead of mask A: the first layer must not see its own pixel"
    if kind == "B":
        hint = "mask A instead of mask B: a later layer must see its own position"
    whole_row = ((row <= middle) * 1.0).expand(size, size)
    return {
        hint: other,
        "the rows above cut at the center's column: they are visible at full width": expected
        * (column <= middle),
        "only the pixel's own row: the rows above are visible too": expected * (row == middle),
        "only the rows above: what is left of the center is visible too": expected * (row < middle),
        "the center's whole row: what is right of the center comes later": whole_row,
        "the wrong half: the mask shows what comes later": expected.flip(0, 1),
        "rows and columns exchanged: the third axis is the row": expected.T,
    }


def channel_mistakes(expected: Tensor, kind: str) -> dict[str, Tensor]:
    """Return the masks at the window's center that typical mistakes give, ``[out, in]``, by hint."""
    outputs, inputs = expected.shape
    compare = torch.lt if kind == "A" else torch.le
    source, target = torch.arange(inputs), torch.arange(outputs)[:, None]
    reversed_order = compare(target % 3, source % 3).double()
    return {
        "the order of the channels ignored: green may see red, and blue may see both": torch.full_like(
            expected, float(kind == "B")
        ),
        "the order of the channels reversed: red comes first": reversed_order,
        "features compared instead of their channels f % C": compare(source, target).double(),
        "features split among the channels in blocks: feature f belongs to channel f % C": compare(
            source * 3 // inputs, target * 3 // outputs
        ).double(),
    }


def reads(height: int, width: int, down: Iterable[int], right: Iterable[int]) -> Tensor:
    """Return which place reads which one, with the places numbered in raster order.

    Args:
        height: rows of the image.
        width: columns of the image.
        down: the rows that a place reads, counted upward from its own.
        right: the columns that a place reads, counted to the right from its own.

    Returns:
        1.0 in row i and column j if place i reads place j, else 0.0; shape ``[height * width, height * width]``.
    """
    place = torch.arange(height * width)
    rows, columns = place // width, place % width
    above, across = rows[:, None] - rows, columns - columns[:, None]
    return (torch.isin(above, torch.tensor([*down])) & torch.isin(across, torch.tensor([*right]))).double()


def by_place(matrix: Tensor, height: int, width: int) -> Tensor:
    """Return a matrix over places with an axis for each row and column."""
    return matrix.reshape(height, width, height, width)


def seen_by_variant(
    height: int, width: int, depth: int, *, shift=1, v_shift=0, joined=1, back=0, old=0, right=0, below=0
) -> Tensor:
    """Return which places the horizontal stack of a wrong network with m = 1 sees; the arguments set what is wrong."""
    down = torch.linalg.matrix_power(reads(height, width, [1], [0]), shift)
    rows = [row + v_shift - below for row in (0, 1)]
    v = h = torch.eye(height * width, dtype=torch.float64)
    for layer in range(depth):
        columns = [column + right for column in ([-1, 0] if layer else [-1])]
        new = reads(height, width, rows, [-1, 0, 1]) @ v
        h = reads(height, width, [0], columns) @ h + joined * down @ (v if old else new)
        v = new + back * h
    return by_place(h, height, width) != 0


def correlated(x: Tensor, kernel: Tensor, beyond: int) -> Tensor:
    """Correlate features with a kernel that ends in the place's own row, ``beyond`` columns to the place's right."""
    full = np.stack([
        np.stack([sum(map(correlate2d, image.numpy(), of_output.numpy())) for of_output in kernel]) for image in x
    ])  # fmt: skip
    return torch.from_numpy(full[:, :, : x.shape[2], beyond : beyond + x.shape[3]])


def gate(features: Tensor, left=np.tanh, right=expit) -> Tensor:
    """Return the product of one function of the first half of the features and one of the last half, by scipy."""
    first, last = np.split(features.detach().double().numpy(), 2, axis=1)
    return torch.as_tensor(left(first) * right(last))


def gate_mistakes(features: Tensor, condition: Tensor) -> dict[str, Tensor]:
    """Return the results of typical mistakes in (1.13), by hint."""
    added = condition[:, :, None, None]
    moved, half = features + added, features.shape[1] // 2
    first, last = added.clone(), added.clone()
    first[:, half:], last[:, :half] = 0, 0
    return {
        "the halves exchanged: tanh of the first, the gate from the last": gate(moved.roll(half, dims=1)),
        "the condition left out": gate(features),
        "the condition only in f: the gate gets its half too": gate(features + first),
        "the condition only in the gate: f gets its half too": gate(features + last),
        "the condition added after the gate: add it before": gate(features) + added[:, :half],
        "the first image's condition for all: row b belongs to image b": gate(features + added[:1]),
        "a sum: the gate multiplies": moved[:, :half].tanh() + moved[:, half:].sigmoid(),
        "even and odd features: f is the first half, g the last": gate(
            torch.cat([moved[:, ::2], moved[:, 1::2]], 1)
        ),
        "two tanh: a gate is between 0 and 1": gate(moved, np.tanh, np.tanh),
        "two sigmoids: f goes through tanh": gate(moved, expit, expit),
        "a gate without its sigmoid": gate(moved, np.tanh, np.asarray),
        "f without its tanh": gate(moved, np.asarray, expit),
        "ReLU instead of tanh": gate(moved, lambda f: f.clip(min=0), expit),
        "the batch cut in two: cut the features": moved[:2].tanh() * moved[2:].sigmoid(),
    }
