r"""Functions of z whose expectations under a Gaussian are known exactly, for checks of gradient estimators.

A :class:`Quadratic` replaces log p(x|z), which is such a function for a linear-Gaussian decoder, up to a rotation. A
:class:`Step` can be evaluated, but its derivative is zero wherever it exists.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Quadratic(nn.Module):
    r"""The function :math:`f(z) = -\tfrac12 \sum_j a_j (z_j - c_j)^2`.

    Args:
        curvature: the number :math:`a_j` of each coordinate.
        center: the number :math:`c_j` of each coordinate.

    Raises:
        ValueError: if ``curvature`` and ``center`` differ in length.
    """

    def __init__(self, *, curvature: Sequence[float], center: Sequence[float]) -> None:
        super().__init__()
        if len(curvature) != len(center):
            raise ValueError(
                f"curvature and center must have one number per coordinate, got {len(curvature)} and {len(center)}"
            )
        self.register_buffer("curvature", torch.tensor(curvature, dtype=torch.float64))
        self.register_buffer("center", torch.tensor(center, dtype=torch.float64))

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Return the value at each ``z``, in z's dtype."""
        return -0.5 * (self.curvature.to(z) * (z - self.center.to(z)) ** 2).sum(dim=-1)

    def expectation(
        self, mu: Float[Tensor, " latent"], log_sigma: Float[Tensor, " latent"]
    ) -> Float[Tensor, ""]:
        r"""Return :math:`E[f(z)] = -\tfrac12\sum_j a_j[(\mu_j-c_j)^2+\sigma_j^2]` for z ~ N(mu, sigma^2)."""
        spread = (mu - self.center.to(mu)) ** 2 + torch.exp(2 * log_sigma)
        return -0.5 * (self.curvature.to(mu) * spread).sum()

    def expectation_gradient(
        self, mu: Float[Tensor, " latent"], log_sigma: Float[Tensor, " latent"]
    ) -> tuple[Float[Tensor, " latent"], Float[Tensor, " latent"]]:
        r"""Return the gradient of :meth:`expectation`: :math:`-a_j(\mu_j-c_j)` and :math:`-a_j\sigma_j^2`."""
        curvature = self.curvature.to(mu)
        return -curvature * (mu - self.center.to(mu)), -curvature * torch.exp(2 * log_sigma)


class Step(nn.Module):
    r"""The number of coordinates above a threshold, :math:`f(z) = \sum_j [z_j > t]`.

    Args:
        threshold: the number t.
    """

    def __init__(self, *, threshold: float = 0.0) -> None:
        super().__init__()
        self.threshold = float(threshold)

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Return the value at each ``z``, in z's dtype."""
        return (z > self.threshold).to(z).sum(dim=-1)

    def expectation(
        self, mu: Float[Tensor, "*batch latent"], log_sigma: Float[Tensor, "*batch latent"]
    ) -> Float[Tensor, "*batch"]:
        r"""Return :math:`E[f(z)] = \sum_j \Phi(u_j)`, :math:`u_j = (\mu_j - t)/\sigma_j`, for z ~ N(mu, sigma^2)."""
        return torch.special.ndtr((mu - self.threshold) * torch.exp(-log_sigma)).sum(dim=-1)

    def expectation_gradient(
        self, mu: Float[Tensor, "*batch latent"], log_sigma: Float[Tensor, "*batch latent"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        r"""Return the gradient of :meth:`expectation`: :math:`\phi(u_j)/\sigma_j` and :math:`-u_j\,\phi(u_j)`."""
        u = (mu - self.threshold) * torch.exp(-log_sigma)
        density = torch.exp(-0.5 * u**2) / (2 * torch.pi) ** 0.5
        return density * torch.exp(-log_sigma), -u * density
