"""Data that are drawn: Gaussians, and binarised images."""

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.objectives.distributions import gaussian_sample
from dgm_helpers.runtime import drawing_device


def gaussian(
    mean: Float[Tensor, " data"],
    covariance: Float[Tensor, "data data"],
    n: int,
    generator: torch.Generator | None = None,
    *,
    exact: bool = False,
) -> Float[Tensor, "{n} data"]:
    """Draw ``n`` points from N(mean, covariance).

    Args:
        mean: of the Gaussian.
        covariance: of the Gaussian.
        n: number of points.
        generator: where they come from.
        exact: shift and scale the points so that their own mean, and their covariance divided by ``n``, are exactly
            these. The average over the points of any quadratic function is then its expectation.

    Raises:
        ValueError: if the covariance is not symmetric and positive definite, or of another size than the mean; or
            if there are too few points to have that covariance exactly.
    """
    if covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"a mean of {len(mean)} numbers has no covariance of shape {tuple(covariance.shape)}"
        )
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info.item() or not torch.allclose(covariance, covariance.T):
        raise ValueError("the covariance must be symmetric and positive definite")
    zeros = mean.new_zeros(n, len(mean))
    noise = gaussian_sample(zeros, zeros, generator)
    if exact:
        if n <= len(mean):
            raise ValueError(f"{n} points can't have exactly a covariance of {len(mean)} dimensions")
        noise = noise - noise.mean(dim=0)
        root = torch.linalg.cholesky(noise.T @ noise / n)
        noise = torch.linalg.solve_triangular(root, noise.T, upper=False).T
    return mean + noise @ factor.T


def binarize(
    images: Float[Tensor, "*shape"], generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Draw each pixel from Bernoulli(intensity): dynamic binarisation, fresh at each visit.

    Fixed and dynamic binarisation differ by about two nats on MNIST, so a figure has to name its own.
    """
    device = drawing_device(generator, images.device)
    uniform = torch.rand(images.shape, generator=generator, dtype=images.dtype, device=device)
    return (uniform.to(images.device) < images).to(images)
