"""Data that are drawn: Gaussians, and binarised images."""

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.objectives.distributions import gaussian_sample


def gaussian(
    mean: Float[Tensor, " data"],
    covariance: Float[Tensor, "data data"],
    n: int,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "{n} data"]:
    """Draw ``n`` points from N(mean, covariance).

    Raises:
        ValueError: if the covariance is not symmetric and positive definite, or of another size than the mean.
    """
    if covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"a mean of {len(mean)} numbers has no covariance of shape {tuple(covariance.shape)}"
        )
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info.item() or not torch.allclose(covariance, covariance.T):
        raise ValueError("the covariance must be symmetric and positive definite")
    zeros = mean.new_zeros(n, len(mean))
    return mean + gaussian_sample(zeros, zeros, generator) @ factor.T


def binarize(
    images: Float[Tensor, "*shape"], generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Draw each pixel from Bernoulli(intensity): dynamic binarisation, fresh at each visit.

    Fixed and dynamic binarisation differ by about two nats on MNIST, so a figure has to name its own.
    """
    device = generator.device if generator is not None else images.device
    uniform = torch.rand(images.shape, generator=generator, dtype=images.dtype, device=device)
    return (uniform.to(images.device) < images).to(images)
