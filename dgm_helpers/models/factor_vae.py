r"""FactorVAE: a VAE trained on the ELBO minus a penalty on the total correlation of the codes.

H. Kim and A. Mnih, *Disentangling by Factorizing*, ICML 2018 (arXiv 1802.05983), algorithm 2:

.. math:: E_q \log p(x|z) - \mathrm{KL}(q(z|x)\,\|\,p(z)) - \gamma\,\mathrm{KL}(q(z)\,\|\,\textstyle\prod_j q(z_j))

The last term is estimated by a discriminator D, which learns to tell codes from codes whose dimensions were permuted
over a second batch. There are two players: D is a constant to encoder and decoder, and the codes are constants to D, so
that one backward pass gives each its own gradient. Aims at the majority-vote scores of figure 5: read off it, about
0.82 for γ = 35, compared with 0.73 for the β-VAE with β = 4.

D is evaluated once, on codes and permuted codes together. The VAE gets only the gradient with respect to the codes, D
only those with respect to its own parameters.

Departs from the paper in: both players step at the same time, so the second batch is encoded before the encoder's step,
not after it.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.kernels.linear import Linear
from dgm_helpers.models.beta_vae import BetaVAE
from dgm_helpers.models.protocol import Landmark
from dgm_helpers.objectives.distributions import gaussian_sample, kl_to_standard_normal
from dgm_helpers.objectives.total_correlation import discriminator_loss, permute_dims, total_correlation


class FactorVAE(BetaVAE):
    """VAE on square images with a penalty on total correlation; otherwise the interface of :class:`BetaVAE`.

    Args:
        image_size: see :class:`BetaVAE`.
        image_channels: 1 for gray, 3 for color.
        maps: feature maps of the encoder's convolutions.
        hidden: units of the linear layers after them.
        latent_dim: number of latent dimensions d.
        likelihood: ``"bernoulli"`` or ``"gaussian"``.
        gamma: weight of the total correlation.
        discriminator_hidden: units of the discriminator's layers, leaky ReLU with slope 0.2 after each.
        discriminator_rate: the discriminator's learning rate divided by the VAE's.

    Raises:
        ValueError: as for :class:`BetaVAE`.
    """

    def __init__(
        self,
        *,
        image_size: int = 64,
        image_channels: int = 1,
        maps: Sequence[int] = (32, 32, 64, 64),
        hidden: Sequence[int] = (128,),
        latent_dim: int = 10,
        likelihood: str = "bernoulli",
        gamma: float = 35.0,
        discriminator_hidden: Sequence[int] = (1000,) * 6,
        discriminator_rate: float = 1.0,
    ) -> None:
        shared = {"image_size": image_size, "image_channels": image_channels, "maps": tuple(maps),
                  "hidden": tuple(hidden), "latent_dim": latent_dim, "likelihood": likelihood}  # fmt: skip
        super().__init__(**shared, beta=1.0)
        self.gamma, self.discriminator_rate = gamma, discriminator_rate
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((latent_dim, *discriminator_hidden)):
            layers += [
                Linear(inputs, outputs),
                nn.LeakyReLU(0.2, inplace=True),
            ]  # one copy in memory, not two
        self.discriminator = nn.Sequential(*layers, Linear((latent_dim, *discriminator_hidden)[-1], 2))

    def loss(
        self, batch: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the sum of both players' objectives, and their terms; averages in nats.

        The batch is split in two: the VAE is trained on the first half; the second half's codes are permuted. A
        batch of 128 is the paper's two batches of 64. The value of the sum means nothing.

        Raises:
            ValueError: if there are fewer than two images.
        """
        if len(batch) < 2:
            raise ValueError(
                f"batch must have at least 2 images, because FactorVAE splits it in two; got {len(batch)}"
            )
        first, second = batch.tensor_split([(len(batch) + 1) // 2])
        mu, log_sigma = self.encode(first)
        z = gaussian_sample(mu, log_sigma, generator)
        with torch.no_grad():  # D's loss stops at the codes
            permuted = permute_dims(gaussian_sample(*self.encode(second), generator), generator)
        # The backward pass begins with the last computation: the decoder's activations are freed before the
        # discriminator's gradients are computed.
        correlation, discriminator = self.play(z, permuted)
        reconstruction = self.log_likelihood(first, z).mean()
        kl = kl_to_standard_normal(mu, log_sigma).mean()
        vae = kl - reconstruction + self.gamma * correlation
        return {
            "loss": vae + discriminator, "vae": vae, "elbo": reconstruction - kl, "reconstruction": reconstruction,
            "kl": kl, "total_correlation": correlation, "discriminator": discriminator,
        }  # fmt: skip

    def play(
        self, z: Float[Tensor, "batch latent"], permuted: Float[Tensor, "others latent"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the total correlation, with a gradient only to ``z``, and D's loss, with a gradient only to D."""
        seen = torch.cat([z.detach(), permuted.detach()]).requires_grad_(torch.is_grad_enabled())
        joint, product = self.discriminator(seen).split([len(z), len(permuted)])
        correlation, loss = total_correlation(joint), discriminator_loss(joint, product)
        if not torch.is_grad_enabled():
            return correlation, loss
        (gradient,) = torch.autograd.grad(correlation, seen, retain_graph=True)
        # Its value is the estimate, its derivative with respect to z the gradient just taken.
        return correlation.detach() + (gradient[: len(z)] * (z - z.detach())).sum(), loss

    def landmarks(self) -> dict[str, Landmark]:
        """Return the discriminator's loss if it cannot tell codes from permuted codes."""
        return {"discriminator": Landmark(math.log(2), "where the codes are independent")}

    def parameter_groups(self, learning_rate: float) -> list[dict]:
        """Return the players' optimizer groups: Adam's betas are (0.9, 0.999) for the VAE and (0.5, 0.9) for D."""
        discriminator = list(self.discriminator.parameters())
        in_discriminator = {id(parameter) for parameter in discriminator}
        return [
            {
                "params": [p for p in self.parameters() if id(p) not in in_discriminator],
                "lr": learning_rate,
                "betas": (0.9, 0.999),
            },
            {"params": discriminator, "lr": self.discriminator_rate * learning_rate, "betas": (0.5, 0.9)},
        ]


PRESETS = {
    # Appendix A, 2D shapes: encoder 32, 32, 64, 64 maps and a layer of 128, ten latents; D of six layers of 1000 and
    # two logits (disentanglement_lib: fc_discriminator). γ = 35 is ours.
    "paper": {"maps": (32, 32, 64, 64), "hidden": (128,), "latent_dim": 10, "gamma": 35.0,
              "discriminator_hidden": (1000,) * 6},
    "laptop": {"image_size": 32, "maps": (16, 32, 32), "hidden": (128,), "gamma": 10.0,
               "discriminator_hidden": (128,) * 4},
}  # fmt: skip

TRAINING = {
    # Appendix A, and disentanglement_lib: two batches of 64; 300,000 updates, Adam at 1e-4 for both players.
    "paper": {"data": "dsprites", "steps": 300_000, "batch_size": 128, "learning_rate": 1e-4},
    "laptop": {"data": "sprites", "steps": 4_000, "batch_size": 128, "learning_rate": 1e-3},
}
