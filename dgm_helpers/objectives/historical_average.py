"""Historical averaging: a penalty that pulls a player's parameters towards the mean of their past values.

T. Salimans et al., *Improved Techniques for Training GANs*, NIPS 2016 (arXiv 1606.03498), section 3.3.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn


class HistoricalAverage(nn.Module):
    r"""The running mean of all past parameters, and the penalty :math:`\|\theta - \frac1T \sum_{t=1}^T \theta_t\|_2^2`.

    In every step call :meth:`update` first: the current parameters are the last of the T. The mean is a constant in
    the penalty, whose gradient is twice the distance. The mean is kept in buffers, so that a checkpoint contains it.

    Args:
        parameters: the player's parameters, always in the same order.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        for i, parameter in enumerate(parameters):
            self.register_buffer(f"mean_{i}", torch.zeros_like(parameter.detach()))

    @property
    def means(self) -> list[Tensor]:
        """Mean of each parameter; zero before the first update."""
        return [buffer for name, buffer in self.named_buffers() if name.startswith("mean_")]

    @torch.no_grad()
    def update(self, parameters: Iterable[Tensor]) -> None:
        """Include the current parameters in the mean.

        Raises:
            ValueError: if there are more or fewer parameters than at the start.
        """
        self.count += 1
        for mean, parameter in self._with_means(parameters):
            mean += (parameter - mean) / self.count

    def penalty(self, parameters: Iterable[Tensor]) -> Float[Tensor, ""]:
        """Return the squared distance of the parameters from the mean.

        Raises:
            ValueError: if there are more or fewer parameters than at the start.
        """
        # A copy: the next update changes the mean in place, and a backward pass may come after it.
        distances = [
            (parameter - mean.clone()).square().sum() for mean, parameter in self._with_means(parameters)
        ]
        return torch.stack(distances).sum()

    def _with_means(self, parameters: Iterable[Tensor]) -> list[tuple[Tensor, Tensor]]:
        parameters, means = list(parameters), self.means
        if len(parameters) != len(means):
            raise ValueError(
                f"parameters must be {len(means)} tensors, as at the start, got {len(parameters)}"
            )
        return list(zip(means, parameters, strict=True))
