r"""Objectives of the β-VAE: a weight on the KL divergence, or a target for it.

I. Higgins et al., *beta-VAE: Learning basic visual concepts with a constrained variational framework*, ICLR 2017, and
C. P. Burgess et al., *Understanding disentangling in β-VAE*, 2018 (arXiv 1804.03599):

.. math:: E_q \log p(x|z) - \beta\, \mathrm{KL}(q(z|x)\,\|\,p(z)), \qquad
          E_q \log p(x|z) - \gamma\, |\mathrm{KL}(q(z|x)\,\|\,p(z)) - C|

Both are maximized, in nats. Neither is a bound on log p(x), except the first with β ≥ 1.
"""

from jaxtyping import Float, Int
from torch import Tensor


def beta_elbo(
    reconstruction: Float[Tensor, "*batch"], kl: Float[Tensor, "*batch"], beta: float
) -> Float[Tensor, "*batch"]:
    """Return log p(x|z) - β KL of each image; this is the ELBO for β = 1."""
    return reconstruction - beta * kl


def capacity_objective(
    reconstruction: Float[Tensor, " batch"],
    kl: Float[Tensor, " batch"],
    capacity: float | Float[Tensor, ""],
    gamma: float,
) -> Float[Tensor, ""]:
    """Return the mean of log p(x|z), less γ times the distance of the *mean* KL from the capacity.

    The capacity C is the target for the expectation of the KL over the data. A penalty on each image would also
    penalize that one image needs more nats than another: KLs of 10 and 0 nats meet a capacity of 5 exactly.
    """
    return reconstruction.mean() - gamma * (kl.mean() - capacity).abs()


def capacity_schedule(
    step: int | Int[Tensor, ""], capacity: float, ramp_steps: int
) -> float | Float[Tensor, ""]:
    """Return C at a step: linear from 0 at step 0 to exactly ``capacity`` at step ``ramp_steps``, then constant.

    Raises:
        ValueError: if ``ramp_steps`` is less than 1.
    """
    if ramp_steps < 1:
        raise ValueError(f"ramp_steps must be at least 1, got {ramp_steps}")
    if isinstance(step, Tensor):
        return capacity * (step / ramp_steps).clamp(0, 1)
    return capacity * min(max(step / ramp_steps, 0.0), 1.0)


def order_by_kl(kl_per_unit: Float[Tensor, "batch latent"]) -> Int[Tensor, " latent"]:
    """Return the latent units in descending order of their KL, averaged over the data."""
    return kl_per_unit.mean(dim=0).argsort(descending=True, stable=True)
