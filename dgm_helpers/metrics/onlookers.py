r"""Onlookers: readers of generated images that had no part in training the model.

:func:`fit_reader` learns to predict labels or factors from images whose labels or factors are known, by least squares
on random features (A. Rahimi and B. Recht, *Random Features for Large-Scale Kernel Machines*, NIPS 2007). The solution
is a closed form and takes about a second. :func:`stroke_shape` measures a pen stroke by the moments of its ink.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.runtime import generator


def fit_reader(
    x: Float[Tensor, "n *data"],
    targets: Float[Tensor, "rows targets"],
    *,
    features: int = 800,
    ridge: float = 1.0,
) -> Callable[[Tensor], Tensor]:
    r"""Fit a function from data to targets and return it: it maps ``[m, *data]`` to ``[m, targets]``, in float64.

    .. math:: \min_C \|F C - Y\|^2 + \rho\,\|C\|^2, \qquad F = [\max(0, (X - \bar x) W + b),\; 1]

    with W and b from normal distributions, W scaled so that both terms are of the same size.

    Args:
        x: n data points.
        targets: the numbers to predict for each data point; one-hot vectors for classes.
        features: number of random features.
        ridge: the penalty :math:`\rho`.

    Raises:
        ValueError: if there are no data, or not as many rows of targets as data points.
    """
    if len(x) == 0 or len(x) != len(targets):
        raise ValueError(
            f"x and targets must have the same number of rows, at least one, got {len(x)} and {len(targets)}"
        )
    flat, draws = x.flatten(1).double(), generator(0)
    mean = flat.mean(dim=0)
    size = (flat - mean).square().sum(dim=1).mean().sqrt().clamp_min(1e-12)
    weight = torch.randn(flat.shape[1], features, generator=draws, dtype=torch.float64) / size
    shift = torch.randn(features, generator=draws, dtype=torch.float64)

    def hidden(data: Tensor) -> Tensor:
        active = ((data.flatten(1).double() - mean) @ weight + shift).clamp_min(0)
        return torch.cat([active, torch.ones_like(active[:, :1])], dim=1)

    f = hidden(flat)
    penalty = ridge * torch.eye(features + 1, dtype=torch.float64)
    coefficients = torch.linalg.solve(f.T @ f + penalty, f.T @ targets.double())
    return lambda data: hidden(data) @ coefficients


def stroke_shape(images: Float[Tensor, "n 1 height width"]) -> Float[Tensor, "n 3"]:
    """Return slant, width and ink of bright strokes on a dark background, in this order, in float64.

    The slant is the slope of the least-squares line through the ink, in pixels to the right per pixel up. The width is
    the ink's horizontal standard deviation about that line, in pixels. The ink is the mean brightness. Images without
    any ink have slant and width 0.
    """
    ink = images[:, 0].double().clamp_min(0)
    p = ink / ink.sum(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    height, width = ink.shape[1:]
    row = torch.arange(height, dtype=torch.float64, device=ink.device)[:, None]
    column = torch.arange(width, dtype=torch.float64, device=ink.device)[None, :]

    def mean(values: Tensor) -> Tensor:
        return (p * values).sum(dim=(1, 2), keepdim=True)

    up, right = mean(row) - row, column - mean(column)
    slant = mean(up * right) / mean(up**2).clamp_min(1e-12)
    spread = mean((right - slant * up) ** 2).sqrt()
    return torch.stack([slant.flatten(), spread.flatten(), ink.mean(dim=(1, 2))], dim=1)
