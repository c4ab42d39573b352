"""Priors over latents: modules with ``log_prob(z)`` in nats and ``sample(n, generator)``."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.distributions import gaussian_log_prob, gaussian_sample
from dgm_helpers.runtime import drawing_device


class StandardNormal(Configured, nn.Module):
    """The prior N(0, I) in ``latent_dim`` dimensions."""

    def __init__(self, *, latent_dim: int) -> None:
        super().__init__()
        # A buffer, so that samples follow the model's device and dtype.
        self.register_buffer("zeros", torch.zeros(latent_dim), persistent=False)

    def log_prob(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Return the log-density of each ``z``, in nats."""
        return gaussian_log_prob(z, self.zeros, self.zeros)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} latent"]:
        """Draw ``n`` latents."""
        zeros = self.zeros.expand(n, -1)
        return gaussian_sample(zeros, zeros, generator)


class MixturePrior(Configured, nn.Module):
    r"""A mixture of diagonal Gaussians, :math:`p(z) = \sum_c \pi_c N(z \mid m_c, \mathrm{diag}(s_c^2))`.

    The prior that maximizes the ELBO is the aggregated posterior (Hoffman and Johnson 2016; Tomczak and
    Welling 2018), a mixture of n Gaussians; this one has few components, to be fitted to it by
    :meth:`fit` or trained with the model, since it consists only of parameters. It starts as N(0, I).

    Args:
        latent_dim: number of latent dimensions d.
        components: number of Gaussians.

    Raises:
        ValueError: if there are no components.
    """

    def __init__(self, *, latent_dim: int, components: int = 20) -> None:
        super().__init__()
        if components < 1:
            raise ValueError(f"components must be at least 1, got {components}")
        self.logits = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(torch.zeros(components, latent_dim))
        self.log_sigmas = nn.Parameter(torch.zeros(components, latent_dim))

    def component_log_probs(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch components"]:
        r"""Return the logarithm of :math:`\pi_c N(z \mid m_c, s_c^2)` for each component c, in nats."""
        return self.logits.log_softmax(dim=0) + gaussian_log_prob(
            z.unsqueeze(-2), self.means, self.log_sigmas
        )

    def log_prob(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Return the log-density of each ``z``, in nats."""
        return self.component_log_probs(z).logsumexp(dim=-1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} latent"]:
        """Draw ``n`` latents: for each a component, then a point from it."""
        device = drawing_device(generator, self.logits.device)
        weights = self.logits.softmax(dim=0).to(device)
        chosen = torch.multinomial(weights, n, replacement=True, generator=generator).to(self.means.device)
        return gaussian_sample(self.means[chosen], self.log_sigmas[chosen], generator)

    @torch.no_grad()
    def fit(
        self,
        z: Float[Tensor, "points latent"],
        *,
        steps: int = 100,
        smallest_sigma: float = 1e-2,
        generator: torch.Generator | None = None,
    ) -> list[float]:
        r"""Fit the mixture to samples by maximum likelihood, with expectation maximization.

        With z drawn from the aggregated posterior this minimizes :math:`\mathrm{KL}(q(z)\,\|\,p(z))`, because
        :math:`E_{q(z)}\log q(z)` does not depend on the prior.

        Args:
            z: the samples, at least as many as there are components.
            steps: number of updates, none of which lowers the likelihood.
            smallest_sigma: lower bound of the standard deviations, so that no component collapses onto one point.
            generator: generator that draws the points at which the components start.

        Returns:
            The mean log-likelihood of ``z`` before each step, in nats.

        Raises:
            ValueError: if there are fewer points than components.
        """
        components = len(self.logits)
        if len(z) < components:
            raise ValueError(f"z must have at least {components} points, one per component; got {len(z)}")
        device = drawing_device(generator, z.device)
        start = torch.randperm(len(z), generator=generator, device=device)[:components]
        self.means.copy_(z[start.to(z.device)])
        spread = z.std(dim=0, correction=min(1, len(z) - 1))  # 0 for a single point, not NaN
        self.log_sigmas.copy_(spread.clamp_min(smallest_sigma).log().expand_as(self.log_sigmas))
        self.logits.zero_()
        likelihoods = []
        for _ in range(steps):
            joint = self.component_log_probs(z)
            likelihoods.append(joint.logsumexp(dim=-1).mean().item())
            self._maximize(z, joint.softmax(dim=-1), smallest_sigma)
        return likelihoods

    def _maximize(
        self,
        z: Float[Tensor, "points latent"],
        responsibility: Float[Tensor, "points components"],
        smallest_sigma: float,
    ) -> None:
        """Apply the M-step: set weights, means and standard deviations from the responsibilities."""
        count = responsibility.sum(dim=0).clamp_min(1e-10)
        means = responsibility.T @ z / count[:, None]
        # Deviations are taken from the new means: the difference of two moments would cancel.
        squares = torch.stack([r @ (z - m) ** 2 for r, m in zip(responsibility.T, means, strict=True)])
        self.logits.copy_((count / count.sum()).log())
        self.means.copy_(means)
        self.log_sigmas.copy_((squares / count[:, None]).sqrt().clamp_min(smallest_sigma).log())
