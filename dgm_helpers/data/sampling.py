"""Random data: points from a Gaussian, and binarized images."""

import torch
from jaxtyping import Float
from torch import Tensor

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
        mean: the Gaussian's mean.
        covariance: the Gaussian's covariance.
        n: number of points.
        generator: random generator.
        exact: shift and scale the points so that their sample mean and covariance (with divisor ``n``) are exactly
            ``mean`` and ``covariance``. The average over the points of any quadratic function is then its expectation.

    Raises:
        ValueError: if the covariance is not symmetric and positive definite, or does not match the mean's size; or
            if ``exact`` is set and ``n`` is not larger than the number of dimensions.
    """
    if covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"covariance must have shape {(len(mean), len(mean))} to match its mean, got {tuple(covariance.shape)}"
        )
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info.item() or not torch.allclose(covariance, covariance.T):
        raise ValueError("covariance must be symmetric and positive definite")
    device = drawing_device(generator, mean.device)
    noise = torch.randn(n, len(mean), generator=generator, dtype=mean.dtype, device=device).to(mean.device)
    if exact:
        if n <= len(mean):
            raise ValueError(f"n must be at least {len(mean) + 1} to have the covariance exactly, got {n}")
        noise = noise - noise.mean(dim=0)
        root = torch.linalg.cholesky(noise.T @ noise / n)
        noise = torch.linalg.solve_triangular(root, noise.T, upper=False).T
    return mean + noise @ factor.T


def binarize(
    images: Float[Tensor, "*shape"], generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Draw each pixel from Bernoulli(intensity): dynamic binarization, new at each call.

    Static and dynamic binarization differ by about two nats per image on MNIST, so a result must name which it uses.
    """
    device = drawing_device(generator, images.device)
    uniform = torch.rand(images.shape, generator=generator, dtype=images.dtype, device=device)
    return (uniform.to(images.device) < images).to(images)
