r"""Objectives of the β-VAE: a weight on the KL divergence, or a target for it.

I. Higgins et al., *beta-VAE: Learning basic visual concepts with a constrained variational framework*, ICLR 2017, and
C. P. Burgess et al., *Understanding disentangling in β-VAE*, 2018 (arXiv 1804.03599):

.. math:: E_q \log p(x|z) - \beta\, \mathrm{KL}(q(z|x)\,\|\,p(z)), \qquad
          E_q \log p(x|z) - \gamma\, |\mathrm{KL}(q(z|x)\,\|\,p(z)) - C|

Both are maximised, in nats. Neither is a bound on log p(x), except the first with β ≥ 1.
"""

from jaxtyping import Float, Int
from torch import Tensor


def beta_elbo(
    reconstruction: Float[Tensor, "*batch"], kl: Float[Tensor, "*batch"], beta: float
) -> Float[Tensor, "*batch"]:
    """log p(x|z) - β KL of each image; with β = 1 the ELBO."""
    return reconstruction - beta * kl


def capacity_objective(
    reconstruction: Float[Tensor, " batch"],
    kl: Float[Tensor, " batch"],
    capacity: float | Float[Tensor, ""],
    gamma: float,
) -> Float[Tensor, ""]:
    """Mean of log p(x|z), less γ times the distance of the *mean* KL from the capacity.

    The KL that is held at C is an expectation over the data. A penalty image by image would also punish that one
    image needs more nats than another: KLs of 10 and 0 nats meet a capacity of 5 exactly.
    """
    return reconstruction.mean() - gamma * (kl.mean() - capacity).abs()


def capacity_schedule(
    step: int | Int[Tensor, ""], capacity: float, ramp_steps: int
) -> float | Float[Tensor, ""]:
    """C at a step: linear from 0 at step 0 to exactly ``capacity`` at step ``ramp_steps``, and constant from there.

    Raises:
        ValueError: if the ramp has no steps.
    """
    if ramp_steps < 1:
        raise ValueError(f"a ramp takes at least one step, not {ramp_steps}")
    if isinstance(step, Tensor):
        return capacity * (step / ramp_steps).clamp(0, 1)
    return capacity * min(max(step / ramp_steps, 0.0), 1.0)


def order_by_kl(kl_per_unit: Float[Tensor, "batch latent"]) -> Int[Tensor, " latent"]:
    """Latent dimensions from the most used to the least: by their KL, averaged over the data, downwards."""
    return kl_per_unit.mean(dim=0).argsort(descending=True, stable=True)
