"""Priors over latents: modules with ``log_prob(z)`` in nats and ``sample(n, generator)``."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.objectives.distributions import gaussian_log_prob, gaussian_sample


class StandardNormal(nn.Module):
    """The prior N(0, I) in ``latent_dim`` dimensions."""

    def __init__(self, *, latent_dim: int) -> None:
        super().__init__()
        self.config = {"latent_dim": latent_dim}
        # A buffer, so that samples follow the model's device and dtype.
        self.register_buffer("zeros", torch.zeros(latent_dim), persistent=False)

    def log_prob(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Log-density of each ``z``, in nats."""
        return gaussian_log_prob(z, self.zeros, self.zeros)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """Draw ``n`` latents."""
        zeros = self.zeros.expand(n, -1)
        return gaussian_sample(zeros, zeros, generator)
