"""Maps from a network's unbounded output to the logarithm of a standard deviation."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def log_softplus(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Return :math:`\log\log(1 + e^x)`; far below 0 this is x, and so finite where the softplus has rounded to 0."""
    return torch.where(x > -20, F.softplus(x.clamp_min(-20)).log(), x)


def log_softsign(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Return :math:`\log\tfrac12\left(1 + \frac{x}{1+|x|}\right)`: a standard deviation in (0, 1), 1/2 for x = 0.

    The standard deviation falls only as 1 / |x|, so that no output of a network makes a density explode.
    """
    positive = x.clamp_min(0)
    falling = -torch.log1p(-x.clamp_max(0))
    return torch.where(x < 0, falling, torch.log1p(2 * positive) - torch.log1p(positive)) - math.log(2)


LOG_SCALES: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": lambda x: x,
    "softplus": log_softplus,
    "softsign": log_softsign,
}
