"""Functions and estimators that the checks of lecture 03 pass to an answer.

An answer may run in another process, to which only functions and classes of a library can be sent: so they are here.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


def one(z: Tensor) -> Tensor:
    """The constant function 1."""
    return torch.ones_like(z[..., 0])


def linear(z: Tensor) -> Tensor:
    """The function z_1 + 2 z_2 + … + d z_d."""
    return (z * torch.arange(1, z.shape[-1] + 1).to(z)).sum(dim=-1)


def half_square(z: Tensor) -> Tensor:
    """The function |z|² / 2."""
    return 0.5 * (z**2).sum(dim=-1)


def landscape(z: Tensor) -> Tensor:
    """A smooth function that is not a sum over coordinates, not a polynomial, and not symmetric in any of them."""
    mixed = (z / torch.arange(1, z.shape[-1] + 1).to(z)).sum(dim=-1)
    return 0.2 + torch.sin(1.3 * mixed + 0.4) + 0.3 * mixed**2 - 0.2 * z[..., 0] * torch.tanh(z[..., -1])


def rounded_landscape(z: Tensor) -> Tensor:
    """The landscape rounded to whole numbers, with the derivative of the landscape (straight-through)."""
    smooth = landscape(z)
    return smooth.round().detach() + smooth - smooth.detach()


def slope(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Gradient of f at each point, of the shape of ``z``."""
    z = z.detach().clone().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]


def gaussians(rng: torch.Generator, *shape: int) -> tuple[Tensor, Tensor]:
    """Means and log standard deviations of this shape, all different, in an order that is drawn."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=rng)
    mu = torch.linspace(-2.8, 3.3, count + 2, dtype=torch.float64)[1:-1][order]
    log_sigma = torch.linspace(0.55, -1.05, count + 2, dtype=torch.float64)[1:-1][order.flip(0)]
    return mu.reshape(shape), log_sigma.reshape(shape)


def seeded(rng: torch.Generator) -> Callable[[], torch.Generator]:
    """Return a function that makes equally seeded generators."""
    seed = int(torch.randint(2**31, (), generator=rng))
    return lambda: torch.Generator().manual_seed(seed)


def normal_grid(d: int, nodes: int = 60) -> tuple[Tensor, Tensor]:
    """Gauss-Hermite points ``[nodes^d, d]`` and weights of N(0, I)."""
    points, weights = (torch.from_numpy(array) for array in np.polynomial.hermite_e.hermegauss(nodes))
    weights = weights / weights.sum()
    grid = torch.cartesian_prod(*[points] * d).reshape(-1, d)
    return grid, torch.cartesian_prod(*[weights] * d).reshape(-1, d).prod(dim=1)


def sigma_point_gradient(f, mu, log_sigma, n_samples, generator):
    """Estimate the gradient of E[f(z)] from points in fixed places, exactly if f is quadratic and 2d divides n_samples.

    Called like the estimators of Exercises 3.2 and 3.3. The points are mu ± sqrt(d) sigma_j e_j, in turn.
    """
    d = mu.shape[-1]
    axes = torch.cat([torch.eye(d), -torch.eye(d)]).to(mu) * d**0.5
    noise = axes[torch.arange(n_samples) % (2 * d)].reshape(n_samples, *[1] * (mu.ndim - 1), d)
    with torch.enable_grad():
        mu, log_sigma = mu.detach().clone().requires_grad_(), log_sigma.detach().clone().requires_grad_()
        values = f(mu + torch.exp(log_sigma) * noise)
        return torch.autograd.grad(values.mean(dim=0).sum(), (mu, log_sigma))


def biased_sigma_point_gradient(f, mu, log_sigma, n_samples, generator):
    """The estimate of :func:`sigma_point_gradient` times 3 in mu and times -2 in log_sigma.

    Like that of Exercise 3.2, it has a gradient in mu or log_sigma if they arrive with one, instead of detached.
    """
    grad_mu, grad_log_sigma = sigma_point_gradient(f, mu, log_sigma, n_samples, generator)
    zeros = [value - value.detach() for value in (mu, log_sigma)]
    return 3 * grad_mu + zeros[0], -2 * grad_log_sigma + zeros[1]
