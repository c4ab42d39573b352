"""The base class of NICE and Real NVP: density and samples of an invertible network."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.data.dequantization import dequantize
from dgm_helpers.models.configured import Configured


class NormalizingFlow(Configured, nn.Module, ABC):
    r"""An invertible z = f(x); a subclass defines :meth:`transform`, :meth:`decode`, a prior of z, and ``levels``.

    L. Dinh, D. Krueger and Y. Bengio, *NICE*, ICLR 2015 workshop (arXiv 1410.8516), eq. 3:

    .. math:: \log p(x) = \log p(f(x)) + \log\left|\det \frac{\partial f}{\partial x}\right|

    Attributes:
        prior: a module with ``log_prob`` and ``sample``.
        levels: number of gray levels of the images, to which :meth:`loss` adds uniform noise; None for data that are
            already real numbers.
    """

    prior: nn.Module
    levels: int | None

    @abstractmethod
    def transform(
        self, x: Float[Tensor, "batch *pixels"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, " batch"]]:
        """Return z = f(x), and log|det df/dx| of each data point, in nats."""

    @abstractmethod
    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch *pixels"]:
        """Return the data point x whose latent is z."""

    def encode(self, x: Float[Tensor, "batch *pixels"]) -> Float[Tensor, "batch latent"]:
        """Return the latent z = f(x) of each data point."""
        return self.transform(x)[0]

    def log_prob(self, x: Float[Tensor, "batch *pixels"]) -> Float[Tensor, " batch"]:
        """Return the log-density of real-valued (dequantized) data, in nats."""
        z, log_det = self.transform(x)
        return self.prior.log_prob(z) + log_det

    def loss(
        self, batch: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the negative log-density and its two terms, averages over the batch, in nats."""
        z, log_det = self.transform(self._noisy(batch, generator))
        prior, log_det = self.prior.log_prob(z).mean(), log_det.mean()
        return {"loss": -prior - log_det, "log_prior": prior, "log_det": log_det}

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} *pixels"]:
        """Draw ``n`` data points from p(x): decode latents that are drawn from the prior."""
        return self.decode(self.prior.sample(n, generator))

    def _noisy(
        self, images: Float[Tensor, "batch *pixels"], generator: torch.Generator | None
    ) -> Float[Tensor, "batch *pixels"]:
        return images if self.levels is None else dequantize(images, self.levels, generator)
