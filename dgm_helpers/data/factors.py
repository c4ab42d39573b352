"""The factors that images are rendered from: one description, used by every renderer and every metric.

A renderer is any object with ``factors`` (a :class:`Factors`) and ``render(values)``, which draws one image for each
row of values. The metrics of disentanglement accept any renderer.
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
        names: name of each factor.
        sizes: number of values of each factor.

    Raises:
        ValueError: if ``names`` is empty, ``sizes`` has a different length, or a size is less than 1.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.sizes) or not self.names or min(self.sizes) < 1:
            raise ValueError(
                f"each factor must have a name and at least one value, got {self.names} and {self.sizes}"
            )

    @property
    def combinations(self) -> int:
        """Number of different rows of values."""
        return math.prod(self.sizes)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Int[Tensor, "{n} factors"]:
        """Draw ``n`` rows of values, each uniform and independent of the others."""
        device = drawing_device(generator)
        columns = [torch.randint(size, (n,), generator=generator, device=device) for size in self.sizes]
        return torch.stack(columns, dim=1)

    def grid(self) -> Int[Tensor, "combinations factors"]:
        """Return every row of values once, the last factor varying fastest, as in the files of dSprites."""
        return self.values(torch.arange(self.combinations))

    def values(self, rows: Int[Tensor, "*batch"]) -> Int[Tensor, "*batch factors"]:
        """Return the given rows of :meth:`grid` without building all of it."""
        return torch.stack(torch.unravel_index(rows, self.sizes), dim=-1)

    def rows(self, values: Int[Tensor, "*batch factors"]) -> Int[Tensor, "*batch"]:
        """Return the row numbers of values in the grid, the inverse of :meth:`values`.

        Raises:
            ValueError: if the number of columns is not the number of factors, or a factor does not have a value.
        """
        self.check(values)
        row = torch.zeros(values.shape[:-1], dtype=torch.long, device=values.device)
        for column, size in enumerate(self.sizes):
            row = row * size + values[..., column]
        return row

    def check(self, values: Int[Tensor, "*batch factors"]) -> None:
        """Raise ``ValueError`` if a row does not have one value of each factor."""
        sizes = torch.tensor(self.sizes, device=values.device)
        if values.shape[-1] != len(sizes) or (values < 0).any() or (values >= sizes).any():
            expected = ", ".join(
                f"{name} 0 to {size - 1}" for name, size in zip(self.names, self.sizes, strict=True)
            )
            raise ValueError(f"each row of values must contain {expected}")


@runtime_checkable
class Renderer(Protocol):
    """An object that draws images from values of its factors."""

    factors: Factors

    def render(self, values: Int[Tensor, "n factors"]) -> Float[Tensor, "n channels height width"]:
        """Draw one image in [0, 1] for each row of values."""
        ...


def spread(value: Int[Tensor, " n"], size: int, low: float, high: float) -> Float[Tensor, " n"]:
    """Map the values 0 to ``size - 1`` to numbers evenly spaced from ``low`` to ``high``, both included."""
    return low + (high - low) * value.float() / max(size - 1, 1)
