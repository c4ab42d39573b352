r"""Generative adversarial network, on images (deep convolutional) or vectors (perceptrons).

I. Goodfellow et al., *Generative Adversarial Nets*, NIPS 2014 (arXiv 1406.2661). Their eq. 1,

.. math:: \min_G \max_D\; E_\pi \log D(x) + E_{p(z)} \log(1 - D(G(z))),

with the generator's loss of their section 3, :math:`-\log D(G(z))`. Networks: A. Radford, L. Metz and S. Chintala,
*Unsupervised Representation Learning with Deep Convolutional GANs*, ICLR 2016 (arXiv 1511.06434). A GAN has no
likelihood to aim at: samples are compared with data by eye, or by a classifier.

Departs from the papers in: both players step at the same time on one batch, where algorithm 1 lets the discriminator
go first; images are read and generated in [0, 1], by a sigmoid.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.dcgan import batch_norm, discriminator_trunk, generator_network, no_norm
from dgm_helpers.layers.frozen import frozen
from dgm_helpers.layers.latent_code import Codes, LatentLayout
from dgm_helpers.models.configured import Configured
from dgm_helpers.models.protocol import Landmark
from dgm_helpers.objectives.adversarial import discriminator_loss, generator_loss, optimal_discriminator

NORMALIZED = ("both", "generator", "none")


class GAN(Configured, nn.Module):
    """GAN: a generator, and a discriminator made of a trunk, which computes features, and a critic, its last layer.

    Args:
        data_shape: shape of a data point: (image channels, height, width) if there are convolutions.
        noise_dim: coordinates of noise, uniform on (-1, 1).
        categories: number of values of each categorical coordinate of the latent vector, a one-hot vector.
        continuous: further coordinates, uniform on (-1, 1). A plain GAN uses these and the categories as noise.
        channels: feature maps of the discriminator's strided convolutions, mirrored in the generator; empty for
            perceptrons.
        hidden: units of the layers between convolutions and output, mirrored in the generator.
        output: ``"sigmoid"`` for pixels in [0, 1], ``"linear"`` for real data.
        normalize: which networks have batch normalization: ``"both"``, only the ``"generator"``, or ``"none"``. In the
            discriminator, training normalizes real and generated images in separate batches, of which running
            statistics are a mixture: in evaluation it, and Q with it, computes a different function.
        rate_ratio: the discriminator's learning rate divided by the generator's.

    Raises:
        ValueError: if output or normalize is not one of those listed, or the images cannot be halved as often as there
            are convolutions.
    """

    def __init__(
        self,
        *,
        data_shape: Sequence[int] = (1, 28, 28),
        noise_dim: int = 62,
        categories: Sequence[int] = (),
        continuous: int = 0,
        channels: Sequence[int] = (64, 128),
        hidden: Sequence[int] = (1024,),
        output: str = "sigmoid",
        normalize: str = "both",
        rate_ratio: float = 0.2,
    ) -> None:
        super().__init__()
        if normalize not in NORMALIZED:
            raise ValueError(f"normalize must be one of {', '.join(NORMALIZED)}; got {normalize!r}")
        self.rate_ratio = rate_ratio
        self.layout = LatentLayout(noise_dim, tuple(categories), continuous)
        self.generator = generator_network(
            self.layout.dim,
            data_shape,
            channels,
            hidden,
            output,
            no_norm if normalize == "none" else batch_norm,
        )
        self.discriminator_norm = batch_norm if normalize == "both" else no_norm
        self.trunk, self.features = discriminator_trunk(data_shape, channels, hidden, self.discriminator_norm)
        self.critic = nn.Linear(self.features, 1)

    def sample_latent(
        self, n: int, generator: torch.Generator | None = None, codes: Codes | None = None
    ) -> Float[Tensor, "{n} latent"]:
        """Draw ``n`` latent vectors; ``codes`` replaces a part of them and leaves the rest unchanged.

        Raises:
            ValueError: if the codes do not fit the latent vector.
        """
        return self.layout.sample(n, generator, codes).to(next(self.generator.parameters()))

    def generate(self, latent: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch *data"]:
        """Return G(latent), the generator's data points."""
        return self.generator(latent)

    def sample(
        self, n: int, generator: torch.Generator | None = None, codes: Codes | None = None
    ) -> Float[Tensor, "{n} *data"]:
        """Draw ``n`` data points; ``codes`` fixes part of their latent vectors.

        Raises:
            ValueError: if the codes do not fit the latent vector.
        """
        return self.generate(self.sample_latent(n, generator, codes))

    def discriminate(self, x: Float[Tensor, "batch *data"]) -> Float[Tensor, " batch"]:
        """Return the logit of D(x), the probability that x is a data point and not generated.

        Raises:
            ValueError: if the data points have a different shape than the model's.
        """
        return self.critic(self.describe(x))[:, 0]

    def describe(self, x: Float[Tensor, "batch *data"]) -> Float[Tensor, "batch features"]:
        """Return the trunk's features of data points.

        Raises:
            ValueError: if the data points have a different shape than the model's.
        """
        if tuple(x.shape[1:]) != self.config["data_shape"]:
            wanted, got = ("×".join(map(str, shape)) for shape in (self.config["data_shape"], x.shape[1:]))
            raise ValueError(f"data points must have the shape {wanted}, got {got}")
        return self.trunk(x)

    def loss(
        self, batch: Float[Tensor, "batch *data"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return :meth:`losses` on a batch of data and as many new latent vectors.

        Raises:
            ValueError: if the data points have a different shape than the model's.
        """
        return self.losses(batch, self.sample_latent(len(batch), generator))

    def losses(
        self, x: Float[Tensor, "real *data"], latent: Float[Tensor, "fake latent"]
    ) -> dict[str, Tensor]:
        """Return the sum of both players' losses, each a constant to the other player; means over the batch, in nats.

        One backward pass gives every parameter the gradient of its own player's loss. The value of the sum means
        nothing.
        """
        real, fake, shown = self.play(x, latent)
        discriminator = discriminator_loss(self.critic(real)[:, 0], self.critic(fake)[:, 0])
        generator = generator_loss(frozen(self.critic)(shown)[:, 0])
        return {"loss": discriminator + generator, "discriminator": discriminator, "generator": generator}

    def play(self, x: Float[Tensor, "real *data"], latent: Float[Tensor, "fake latent"]) -> "Features":
        """Return the trunk's features of data and of generated data points, which pass it in separate batches."""
        generated = self.generate(latent)
        return Features(self.describe(x), self.trunk(generated.detach()), frozen(self.trunk)(generated))

    def landmarks(self) -> dict[str, Landmark]:
        """Return the players' losses if generated data are distributed as the data and D is optimal: 2 log 2, log 2."""
        return equilibrium()

    def parameter_groups(self, learning_rate: float) -> list[dict]:
        """Return the players' optimizer groups: ``learning_rate`` for the generator, Adam's first beta 0.5."""
        generator = set(self.generator.parameters())
        discriminator = [parameter for parameter in self.parameters() if parameter not in generator]
        return [
            {"params": list(self.generator.parameters()), "lr": learning_rate, "betas": (0.5, 0.999)},
            {"params": discriminator, "lr": self.rate_ratio * learning_rate, "betas": (0.5, 0.999)},
        ]


class Features(NamedTuple):
    """What the discriminator's last layer reads in one step of the game.

    Attributes:
        real: features of data.
        fake: features of generated data points, detached from the generator: the discriminator learns from them.
        shown: the same features from a frozen trunk: the generator learns from them.
    """

    real: Float[Tensor, "real features"]
    fake: Float[Tensor, "fake features"]
    shown: Float[Tensor, "fake features"]


def equilibrium(smoothing: float = 0.0) -> dict[str, Landmark]:
    """Return both players' losses at the optimal discriminator of two equal distributions, in nats.

    It is the constant (1 - smoothing)/2. Goodfellow et al. (2014), theorem 1, is the case without smoothing.
    """
    logit = optimal_discriminator(torch.ones(1), torch.ones(1), smoothing).logit()
    losses = {
        "discriminator": discriminator_loss(logit, logit, smoothing),
        "generator": generator_loss(logit),
    }
    return {name: Landmark(float(loss), "at equilibrium") for name, loss in losses.items()}


PRESETS = {
    # Radford et al., figure 1: 64×64, a latent vector of 100, 1,024 maps at first; the discriminator, whose sizes the
    # paper does not state, mirrors that. Section 4: Adam at 2e-4 for both players, β₁ = 0.5, batches of 128.
    "paper": {
        "data_shape": (3, 64, 64),
        "noise_dim": 100,
        "channels": (128, 256, 512, 1024),
        "hidden": (),
        "rate_ratio": 1.0,
    },
    # At a fifth of the generator's rate, this small discriminator lets the generator draw only a few shapes.
    "laptop": {"channels": (16, 32), "hidden": (64,), "normalize": "generator", "rate_ratio": 1.0},
}

TRAINING = {
    # Section 4 as above; the number of steps is ours.
    "paper": {"data": "lsun_bedrooms", "steps": 120_000, "batch_size": 128, "learning_rate": 2e-4},
    "laptop": {"data": "mnist_10k", "steps": 3_000, "batch_size": 64, "weight_average": 0.999},
}
