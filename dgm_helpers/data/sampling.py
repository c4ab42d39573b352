"""Data that are drawn: Gaussians, and binarised images."""

import torch
from jaxtyping import Float
from torch import Tensor


def gaussian(
    mean: Float[Tensor, " data"],
    covariance: Float[Tensor, "data data"],
    n: int,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "n data"]:
    """Draw ``n`` points from N(mean, covariance).

    Raises:
        ValueError: if the covariance is not symmetric and positive definite.
    """
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info.item() or not torch.allclose(covariance, covariance.T):
        raise ValueError("the covariance must be symmetric and positive definite")
    return mean + torch.randn(n, len(mean), generator=generator, dtype=mean.dtype) @ factor.T


def binarize(
    images: Float[Tensor, "*shape"], generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Draw each pixel from Bernoulli(intensity): dynamic binarisation, fresh at each visit.

    Fixed and dynamic binarisation differ by about two nats on MNIST, so a figure has to name its own.
    """
    device = generator.device if generator is not None else images.device
    uniform = torch.rand(images.shape, generator=generator, dtype=images.dtype, device=device)
    return (uniform.to(images.device) < images).to(images)
