"""Minibatch discrimination: features of an example that measure how close the other examples of its batch are.

T. Salimans et al., *Improved Techniques for Training GANs*, NIPS 2016 (arXiv 1606.03498), section 3.2.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


def minibatch_features(m: Float[Tensor, "batch kernels dims"]) -> Float[Tensor, "batch kernels"]:
    r"""Return each example's closeness to the others, :math:`o(x_i)_b = \sum_{j \ne i} \exp(-\|M_{ib} - M_{jb}\|_1)`.

    The paper's sum also has the term j = i, which is always 1. The result is in at least float32.
    """
    by_kernel = m.to(torch.promote_types(m.dtype, torch.float32)).transpose(0, 1)
    closeness = torch.exp(-torch.cdist(by_kernel, by_kernel, p=1))
    return closeness.masked_fill(torch.eye(len(m), dtype=torch.bool, device=m.device), 0).sum(dim=2).T


class MinibatchDiscrimination(nn.Module):
    r"""Layer that appends to the features f(x) the :func:`minibatch_features` of :math:`M_i = f(x_i)\,T`.

    Real and generated examples must come in separate batches.

    Args:
        features: number A of features.
        kernels: number B of closenesses.
        dims: number C of coordinates in which each closeness is measured.
    """

    def __init__(self, features: int, kernels: int, dims: int) -> None:
        super().__init__()
        self.dims = dims
        self.weight = nn.Parameter(0.05 * torch.randn(features, kernels * dims))

    def forward(self, features: Float[Tensor, "batch features"]) -> Float[Tensor, "batch more"]:
        """Return the features, followed by the closenesses."""
        m = rearrange(features @ self.weight, "b (k c) -> b k c", c=self.dims)
        return torch.cat([features, minibatch_features(m).to(features.dtype)], dim=1)


def minibatch_critic(features: int, kernels: int, dims: int) -> nn.Sequential:
    """Return a discriminator's last layers, from features and their closenesses within the batch to a logit."""
    return nn.Sequential(MinibatchDiscrimination(features, kernels, dims), nn.Linear(features + kernels, 1))
