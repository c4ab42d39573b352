r"""A quadratic function, the toy whose expectations under a Gaussian are known exactly.

It stands in for log p(x|z) where an estimator of a gradient is checked: with a linear-Gaussian decoder
that is what log p(x|z) is, up to a rotation.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.models.configured import Configured


class Quadratic(Configured, nn.Module):
    r"""The function :math:`f(z) = -\tfrac12 \sum_j a_j (z_j - c_j)^2`.

    Args:
        curvature: the numbers :math:`a_j`, one a coordinate.
        centre: the numbers :math:`c_j`, one a coordinate.

    Raises:
        ValueError: if the two differ in length.
    """

    def __init__(self, *, curvature: Sequence[float], centre: Sequence[float]) -> None:
        super().__init__()
        if len(curvature) != len(centre):
            raise ValueError(
                f"{len(curvature)} curvatures but {len(centre)} centres: give one of each a coordinate"
            )
        self.register_buffer("curvature", torch.tensor(curvature, dtype=torch.float64))
        self.register_buffer("centre", torch.tensor(centre, dtype=torch.float64))

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """The value at each ``z``, in z's dtype."""
        return -0.5 * (self.curvature.to(z) * (z - self.centre.to(z)) ** 2).sum(dim=-1)

    def expectation(
        self, mu: Float[Tensor, " latent"], log_sigma: Float[Tensor, " latent"]
    ) -> Float[Tensor, ""]:
        r""":math:`E[f(z)] = -\tfrac12\sum_j a_j[(\mu_j-c_j)^2+\sigma_j^2]` for z ~ N(mu, sigma^2)."""
        spread = (mu - self.centre.to(mu)) ** 2 + torch.exp(2 * log_sigma)
        return -0.5 * (self.curvature.to(mu) * spread).sum()

    def expectation_gradient(
        self, mu: Float[Tensor, " latent"], log_sigma: Float[Tensor, " latent"]
    ) -> tuple[Float[Tensor, " latent"], Float[Tensor, " latent"]]:
        r"""Exact gradient of :meth:`expectation`: :math:`-a_j(\mu_j-c_j)` and :math:`-a_j\sigma_j^2`."""
        curvature = self.curvature.to(mu)
        return -curvature * (mu - self.centre.to(mu)), -curvature * torch.exp(2 * log_sigma)
