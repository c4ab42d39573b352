"""Minibatch discrimination: features of an example that say how close the others of its batch are to it.

T. Salimans et al., *Improved Techniques for Training GANs*, NIPS 2016 (arXiv 1606.03498), section 3.2.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


def minibatch_features(m: Float[Tensor, "batch kernels dims"]) -> Float[Tensor, "batch kernels"]:
    r"""Closeness of each example to the others, :math:`o(x_i)_b = \sum_{j \ne i} \exp(-\|M_{ib} - M_{jb}\|_1)`.

    The paper's sum has the term j = i too, which is always 1. In float32 at least.
    """
    by_kernel = m.to(torch.promote_types(m.dtype, torch.float32)).transpose(0, 1)
    closeness = torch.exp(-torch.cdist(by_kernel, by_kernel, p=1))
    return closeness.masked_fill(torch.eye(len(m), dtype=torch.bool, device=m.device), 0).sum(dim=2).T


class MinibatchDiscrimination(nn.Module):
    r"""Features f(x), and beside them :func:`minibatch_features` of :math:`M_i = f(x_i)\,T`.

    Real and generated examples have to come in batches of their own.

    Args:
        features: number of features A.
        kernels: B, number of closenesses.
        dims: C, coordinates that each is measured in.
    """

    def __init__(self, features: int, kernels: int, dims: int) -> None:
        super().__init__()
        self.dims = dims
        self.weight = nn.Parameter(0.05 * torch.randn(features, kernels * dims))

    def forward(self, features: Float[Tensor, "batch features"]) -> Float[Tensor, "batch more"]:
        """The features, and the closenesses after them."""
        m = rearrange(features @ self.weight, "b (k c) -> b k c", c=self.dims)
        return torch.cat([features, minibatch_features(m).to(features.dtype)], dim=1)


def minibatch_critic(features: int, kernels: int, dims: int) -> nn.Sequential:
    """Return a discriminator's last layers, from features and their closenesses within the batch to a logit."""
    return nn.Sequential(MinibatchDiscrimination(features, kernels, dims), nn.Linear(features + kernels, 1))
