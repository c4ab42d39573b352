"""The latent vector of a GAN: noise, categorical codes as one-hot vectors, and continuous codes, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.runtime import drawing_device


class Codes(NamedTuple):
    """The structured part of latent vectors; parts that are None are drawn.

    Attributes:
        categories: value of each categorical code.
        continuous: the continuous codes.
    """

    categories: Int[Tensor, "batch codes"] | None = None
    continuous: Float[Tensor, "batch coordinates"] | None = None


@dataclass(frozen=True)
class LatentLayout:
    """The layout of a latent vector: noise, categorical codes and continuous codes, in this order.

    Attributes:
        noise: number of coordinates of noise, uniform on (-1, 1).
        categories: number of values of each categorical code, all equally likely.
        continuous: number of continuous codes, uniform on (-1, 1).
    """

    noise: int
    categories: Sequence[int] = ()
    continuous: int = 0

    @property
    def dim(self) -> int:
        """Length of the latent vector."""
        return self.noise + sum(self.categories) + self.continuous

    def sample(
        self, n: int, generator: torch.Generator | None = None, codes: Codes | None = None
    ) -> Float[Tensor, "{n} {self.dim}"]:
        """Draw ``n`` latent vectors on the generator's device; ``codes`` overrides the drawn codes.

        The same numbers are drawn whatever is overridden: the same seed gives the same noise.

        Raises:
            ValueError: if the codes do not fit the layout.
        """
        device = drawing_device(generator)
        noise = 2 * torch.rand(n, self.noise, generator=generator, device=device) - 1
        values = [torch.randint(k, (n,), generator=generator, device=device) for k in self.categories]
        categories = torch.stack(values, dim=1) if values else noise.new_zeros(n, 0).long()
        continuous = 2 * torch.rand(n, self.continuous, generator=generator, device=device) - 1
        codes = Codes() if codes is None else codes
        if codes.categories is not None:
            self._require_values(codes.categories)
            categories = codes.categories.to(categories).expand_as(categories)
        if codes.continuous is not None:
            if codes.continuous.shape[1] != self.continuous:
                raise ValueError(
                    f"codes must have {self.continuous} continuous codes, got {codes.continuous.shape[1]}"
                )
            continuous = codes.continuous.to(continuous).expand_as(continuous)
        return self.join(noise, Codes(categories, continuous))

    def join(self, noise: Float[Tensor, "batch noise"], codes: Codes) -> Float[Tensor, "batch {self.dim}"]:
        """Return the latent vectors with this noise and these codes; the inverse of :meth:`split`."""
        hot = [
            (values[:, None] == torch.arange(size, device=values.device)).to(noise)
            for values, size in zip(codes.categories.unbind(dim=1), self.categories, strict=True)
        ]
        return torch.cat([noise, *hot, codes.continuous], dim=1)

    def split(self, latent: Float[Tensor, "batch {self.dim}"]) -> tuple[Float[Tensor, "batch noise"], Codes]:
        """Return noise and codes of latent vectors."""
        noise, hot, continuous = latent.split([self.noise, sum(self.categories), self.continuous], dim=1)
        edges = accumulate(self.categories, initial=0)
        values = [hot[:, start:end].argmax(dim=1) for start, end in pairwise(edges)]
        categories = torch.stack(values, dim=1) if values else latent.new_zeros(len(latent), 0).long()
        return noise, Codes(categories, continuous)

    def _require_values(self, categories: Int[Tensor, "batch codes"]) -> None:
        if categories.shape[1] != len(self.categories):
            raise ValueError(
                f"codes must have {len(self.categories)} categorical codes, got {categories.shape[1]}"
            )
        for values, size in zip(categories.unbind(dim=1), self.categories, strict=True):
            if ((values < 0) | (values >= size)).any():
                raise ValueError(
                    f"this categorical code must be from 0 to {size - 1}; at least one value is not"
                )
