r"""Improved GAN: a GAN with the techniques of Salimans et al., each switched on by its argument.

T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford and X. Chen, *Improved Techniques for Training GANs*, NIPS
2016 (arXiv 1606.03498). Section 3.1, feature matching, :math:`\|E_\pi f(x) - E_{p(z)} f(G(z))\|_2^2` instead of the
generator's loss; 3.2, minibatch discrimination; 3.3, historical averaging, :math:`\|\theta - \frac1T\sum_t
\theta_t\|^2` in both players' losses; 3.4, one-sided label smoothing, real targets :math:`1 - \alpha`; 3.5, virtual
batch normalization, only in the generator.

Departs from the paper in: as :mod:`~dgm_helpers.models.gan`; no semi-supervised classes, no weight normalization and no
noise in the discriminator.
"""

from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.dcgan import generator_network
from dgm_helpers.layers.frozen import frozen
from dgm_helpers.layers.minibatch_discrimination import minibatch_critic
from dgm_helpers.layers.virtual_batch_norm import ReferencedGenerator, VirtualBatchNorm
from dgm_helpers.models import learning_rates
from dgm_helpers.models.gan import GAN, equilibrium
from dgm_helpers.models.protocol import Landmark
from dgm_helpers.objectives.adversarial import discriminator_loss, feature_matching_loss, generator_loss
from dgm_helpers.objectives.historical_average import HistoricalAverage


class ImprovedGAN(GAN):
    """GAN with one or more techniques; see :class:`~dgm_helpers.models.gan.GAN` for the arguments not named here.

    Args:
        smoothing: α, by which the targets of real images stay below 1.
        feature_matching: the generator matches the mean features of the discriminator's trunk.
        minibatch_kernels: number of closenesses to the rest of the batch that the critic sees; 0 for none.
        minibatch_dims: number of coordinates in which each closeness is measured.
        historical_weight: weight of historical averaging in each player's loss; 0 for none.
        virtual_batch: number of latent vectors in the reference batch of virtual batch normalization, which replaces
            batch normalization in the generator; 0 for none.

    Raises:
        ValueError: as for :class:`~dgm_helpers.models.gan.GAN`.
    """

    def __init__(
        self,
        *,
        smoothing: float = 0.1,
        feature_matching: bool = False,
        minibatch_kernels: int = 0,
        minibatch_dims: int = 16,
        historical_weight: float = 0.0,
        virtual_batch: int = 0,
        **options,
    ) -> None:
        super().__init__(**options)
        self.smoothing, self.feature_matching = smoothing, feature_matching
        self.historical_weight = historical_weight
        if virtual_batch:
            network = generator_network(
                self.layout.dim, *(self.config[name] for name in ("data_shape", "channels", "hidden", "output")),
                lambda features, space: VirtualBatchNorm(features, virtual_batch),
            )  # fmt: skip
            self.generator = ReferencedGenerator(network, self.layout.sample(virtual_batch))
        if minibatch_kernels:
            self.critic = minibatch_critic(self.features, minibatch_kernels, minibatch_dims)
        self.history = HistoricalAverage(self.players()) if historical_weight else None

    def players(self) -> list[nn.Parameter]:
        """Return the parameters of generator and discriminator, to which historical averaging applies."""
        return [p for part in (self.generator, self.trunk, self.critic) for p in part.parameters()]

    def losses(
        self, x: Float[Tensor, "real *data"], latent: Float[Tensor, "fake latent"]
    ) -> dict[str, Tensor]:
        """Return the players' losses; see :meth:`GAN.losses`. In training each call is a step of history."""
        real, fake, shown = self.play(x, latent)
        discriminator = discriminator_loss(self.critic(real)[:, 0], self.critic(fake)[:, 0], self.smoothing)
        if self.feature_matching:
            generator = feature_matching_loss(real, shown)
        else:
            generator = generator_loss(frozen(self.critic)(shown)[:, 0])
        terms = {"loss": discriminator + generator, "discriminator": discriminator, "generator": generator}
        if self.history is not None:
            if self.training:
                self.history.update(self.players())
            terms["historical"] = self.history.penalty(self.players())
            terms["loss"] = terms["loss"] + self.historical_weight * terms["historical"]
        return terms

    def landmarks(self) -> dict[str, Landmark]:
        """Return the players' losses if generated data are distributed as the data and the discriminator is optimal."""
        players = equilibrium(self.smoothing)
        if self.feature_matching:
            players["generator"] = Landmark(0.0, "where mean features match", "(squared distance)")
        return players


PRESETS = {
    # Section 3.4: real targets of 0.9. CIFAR-10's images. The generator's widths and noise, and 100 kernels of 5
    # numbers (the default of its MinibatchLayer), are those of train_cifar_minibatch_discrimination.py of the released
    # code (openai/improved-gan), whose discriminator has nine convolutions: here it mirrors the generator. The
    # reference batch's size is ours. Feature matching is omitted: the paper's section 6 uses it for classification, not
    # for the quality of samples.
    "paper": {
        "data_shape": (3, 32, 32), "noise_dim": 100, "channels": (128, 256, 512), "hidden": (), "rate_ratio": 1.0,
        "smoothing": 0.1, "minibatch_kernels": 100, "minibatch_dims": 5, "virtual_batch": 64,
    },
    "laptop": {
        "channels": (16, 32), "hidden": (64,), "normalize": "generator", "smoothing": 0.1, "minibatch_kernels": 16,
        "minibatch_dims": 8, "virtual_batch": 32, "rate_ratio": 1.0,
    },
    # InfoGAN's laptop preset, networks, technique and latent vector, without its information term: it shows what the
    # same codes come to mean if no loss depends on them.
    "without_information": {
        "channels": (16, 32), "hidden": (64,), "normalize": "generator", "smoothing": 0.0, "minibatch_kernels": 16,
        "minibatch_dims": 8, "categories": (10,), "continuous": 2,
    },
}  # fmt: skip

TRAINING = {
    # The same file: 1,200 passes in batches of 100, Adam at 3e-4 with β₁ = 0.5, falling to zero after the 800th pass.
    # It makes three generator steps per discriminator step, here one.
    "paper": {
        "data": "cifar10",
        "steps": 600_000,
        "batch_size": 100,
        "learning_rate": 3e-4,
        "schedule": learning_rates.improved_gan,
    },
    "laptop": {"data": "mnist_10k", "steps": 1_000, "batch_size": 64, "learning_rate": 5e-4},
    "without_information": {"data": "mnist_10k", "steps": 1_500, "batch_size": 64},
}
