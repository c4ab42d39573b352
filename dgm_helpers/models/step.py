r"""A step function: a function of z without a useful derivative, whose expectations are known exactly.

Beside :class:`~dgm_helpers.models.quadratic.Quadratic` it is the second toy on which estimators of a gradient are
checked: it can be evaluated, but its derivative is zero wherever there is one.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.models.configured import Configured


class Step(Configured, nn.Module):
    r"""The number of coordinates above a threshold, :math:`f(z) = \sum_j [z_j > t]`.

    Args:
        threshold: the number t.
    """

    def __init__(self, *, threshold: float = 0.0) -> None:
        super().__init__()
        self.threshold = float(threshold)

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """The value at each ``z``, in z's dtype."""
        return (z > self.threshold).to(z).sum(dim=-1)

    def expectation(
        self, mu: Float[Tensor, "*batch latent"], log_sigma: Float[Tensor, "*batch latent"]
    ) -> Float[Tensor, "*batch"]:
        r""":math:`E[f(z)] = \sum_j \Phi(u_j)`, :math:`u_j = (\mu_j - t)/\sigma_j`, for z ~ N(mu, sigma^2)."""
        return torch.special.ndtr((mu - self.threshold) * torch.exp(-log_sigma)).sum(dim=-1)

    def expectation_gradient(
        self, mu: Float[Tensor, "*batch latent"], log_sigma: Float[Tensor, "*batch latent"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        r"""Exact gradient of :meth:`expectation`: :math:`\phi(u_j)/\sigma_j` and :math:`-u_j\,\phi(u_j)`."""
        u = (mu - self.threshold) * torch.exp(-log_sigma)
        density = torch.exp(-0.5 * u**2) / (2 * torch.pi) ** 0.5
        return density * torch.exp(-log_sigma), -u * density
