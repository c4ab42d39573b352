"""What pictures are made from: a short description of factors, shared by every renderer and read by every metric.

A renderer is any object with ``factors`` (a :class:`Factors`) and ``render(values)``, which draws one picture for each
row of values. A metric of disentanglement takes any of them.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.runtime import drawing_device


@dataclass(frozen=True)
class Factors:
    """Named factors with finitely many values each; a value is given by its number 0, 1, ….

    Attributes:
        names: of the factors.
        sizes: number of values of each factor.

    Raises:
        ValueError: if there are not as many sizes as names, or if a factor has no value.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.sizes) or not self.names or min(self.sizes) < 1:
            raise ValueError(f"each factor needs a name and at least one value: {self.names}, {self.sizes}")

    @property
    def combinations(self) -> int:
        """How many different rows of values there are."""
        return math.prod(self.sizes)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Int[Tensor, "{n} factors"]:
        """``n`` rows of values, each uniform and independent of the others."""
        device = drawing_device(generator)
        columns = [torch.randint(size, (n,), generator=generator, device=device) for size in self.sizes]
        return torch.stack(columns, dim=1)

    def grid(self) -> Int[Tensor, "combinations factors"]:
        """Every row of values once, the last factor running fastest, as in the files of dSprites."""
        return self.values(torch.arange(self.combinations))

    def values(self, rows: Int[Tensor, "*batch"]) -> Int[Tensor, "*batch factors"]:
        """The values at some rows of the grid, without making all of it."""
        return torch.stack(torch.unravel_index(rows, self.sizes), dim=-1)

    def rows(self, values: Int[Tensor, "*batch factors"]) -> Int[Tensor, "*batch"]:
        """Where values stand in the grid: the inverse of :meth:`values`.

        Raises:
            ValueError: if there is another number of factors, or a value that a factor does not have.
        """
        self.check(values)
        row = torch.zeros(values.shape[:-1], dtype=torch.long, device=values.device)
        for column, size in enumerate(self.sizes):
            row = row * size + values[..., column]
        return row

    def check(self, values: Int[Tensor, "*batch factors"]) -> None:
        """Raise ``ValueError`` if these are no values of these factors."""
        sizes = torch.tensor(self.sizes, device=values.device)
        if values.shape[-1] != len(sizes) or (values < 0).any() or (values >= sizes).any():
            wanted = ", ".join(
                f"{name} 0 to {size - 1}" for name, size in zip(self.names, self.sizes, strict=True)
            )
            raise ValueError(f"a row of values holds {wanted}")


@runtime_checkable
class Renderer(Protocol):
    """Draws pictures from values of its factors."""

    factors: Factors

    def render(self, values: Int[Tensor, "n factors"]) -> Float[Tensor, "n channels height width"]:
        """One picture in [0, 1] for each row of values."""
        ...


def spread(value: Int[Tensor, " n"], size: int, low: float, high: float) -> Float[Tensor, " n"]:
    """The numbers that ``size`` values stand for: evenly spaced from ``low`` to ``high``, both included."""
    return low + (high - low) * value.float() / max(size - 1, 1)
