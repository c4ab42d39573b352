r"""InfoGAN: a GAN whose codes can be inferred from the images that it generates.

X. Chen, Y. Duan, R. Houthooft, J. Schulman, I. Sutskever and P. Abbeel, *InfoGAN: Interpretable Representation Learning
by Information Maximizing Generative Adversarial Nets*, NIPS 2016 (arXiv 1606.03657). Their eq. 6 is

.. math:: \min_{G,Q} \max_D V(D, G) - \lambda L_I(G, Q), \qquad L_I = H(c) + E_{c,\,x = G(z, c)} \log Q(c|x)

Q shares the discriminator's trunk. As in the authors' code, :math:`-\lambda L_I` belongs to both players' losses: G, Q
*and* the shared trunk descend it. Aims at: L_I of the categorical code reaches H(c) = log 10, about 2.30 nats (figure
1), and as a classifier of MNIST's digits that code has an error of 5% (section 7.2).

Departs from the paper in: as :mod:`~dgm_helpers.models.gan`; leaky ReLU of slope 0.2, DCGAN's, where theirs is 0.1
(appendix C); Q's standard deviations have a lower bound; the small presets have minibatch discrimination, other weights
of the continuous codes, and no batch normalization in the discriminator.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.layers.dcgan import LEAK
from dgm_helpers.layers.frozen import frozen
from dgm_helpers.layers.latent_code import Codes
from dgm_helpers.layers.minibatch_discrimination import minibatch_critic
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.protocol import Landmark
from dgm_helpers.objectives.adversarial import discriminator_loss, generator_loss
from dgm_helpers.objectives.mutual_information import (
    info_lower_bound_categorical,
    info_lower_bound_continuous,
)

SMALLEST_LOG_SIGMA = -4.0


class InfoGAN(GAN):
    """GAN with codes, and Q that infers them; see :class:`~dgm_helpers.models.gan.GAN` for the other arguments.

    Args:
        noise_dim: coordinates of incompressible noise z.
        categories: number of values of each categorical code.
        continuous: number of continuous codes, uniform on (-1, 1).
        q_hidden: units of Q's own hidden layer on top of the shared trunk; 0 for none.
        discrete_weight: λ of the categorical codes.
        continuous_weight: λ of the continuous codes.
        minibatch_kernels: number of closenesses to the rest of its batch that the critic sees for a data point; 0 for
            none, as in the paper. See :class:`~dgm_helpers.layers.minibatch_discrimination.MinibatchDiscrimination`.
        minibatch_dims: number of coordinates in which each closeness is measured.

    Raises:
        ValueError: if there is no code, or as for :class:`~dgm_helpers.models.gan.GAN`.
    """

    def __init__(
        self,
        *,
        noise_dim: int = 62,
        categories: Sequence[int] = (10,),
        continuous: int = 2,
        q_hidden: int = 128,
        discrete_weight: float = 1.0,
        continuous_weight: float = 1.0,
        minibatch_kernels: int = 0,
        minibatch_dims: int = 16,
        **options,
    ) -> None:
        if not categories and not continuous:
            raise ValueError("an InfoGAN needs at least one code, categorical or continuous")
        super().__init__(noise_dim=noise_dim, categories=categories, continuous=continuous, **options)
        self.discrete_weight, self.continuous_weight = discrete_weight, continuous_weight
        if minibatch_kernels:
            self.critic = minibatch_critic(self.features, minibatch_kernels, minibatch_dims)
        widths, hidden = [self.features], []
        if q_hidden:
            widths.append(q_hidden)
            hidden = [nn.Linear(*widths), self.discriminator_norm(q_hidden, 0), nn.LeakyReLU(LEAK)]
        self.recognition = nn.Sequential(*hidden, nn.Linear(widths[-1], sum(categories) + 2 * continuous))

    @staticmethod
    def upgraded(description: dict[str, Any]) -> dict[str, Any]:
        """Return today's form of a description; the arguments that moved to ImprovedGAN must have been unused."""
        unused = {"smoothing": 0.0, "feature_matching": False, "historical_weight": 0.0, "virtual_batch": 0}
        config = description["config"].items()
        kept = {name: value for name, value in config if name not in unused or value != unused[name]}
        return {**description, "config": kept}

    def losses(
        self, x: Float[Tensor, "real *data"], latent: Float[Tensor, "fake latent"]
    ) -> dict[str, Tensor]:
        """Return the sum of both players' losses, each with its -λ L_I (eq. 6), and the parts; see :meth:`GAN.losses`.

        The trunk, the critic and Q get the gradient of the discriminator's loss - λ L_I at detached data points, the
        generator the gradient of its own loss - λ L_I through a frozen trunk, critic and Q.
        """
        real, fake, shown = self.play(x, latent)
        discriminator = discriminator_loss(self.critic(real)[:, 0], self.critic(fake)[:, 0])
        generator = generator_loss(frozen(self.critic)(shown)[:, 0])
        bounds = self.information(self.posterior(self.recognition(fake)), latent)
        generator_bounds = self.information(self.posterior(frozen(self.recognition)(shown)), latent)
        loss = discriminator + generator
        for discrete, continuous in (bounds, generator_bounds):
            loss = loss - self.discrete_weight * discrete - self.continuous_weight * continuous
        return {"loss": loss, "discriminator": discriminator, "generator": generator,
                "discrete_information": bounds[0], "continuous_information": bounds[1]}  # fmt: skip

    def encode(self, x: Float[Tensor, "batch *data"]) -> "CodePosterior":
        """Return Q(c|x), the posterior of the codes.

        Raises:
            ValueError: if the data points have a different shape than the model's.
        """
        return self.posterior(self.recognition(self.describe(x)))

    def posterior(self, output: Float[Tensor, "batch outputs"]) -> "CodePosterior":
        """Return Q(c|x) from the recognition head's output, in at least float32."""
        output = output.to(torch.promote_types(output.dtype, torch.float32))
        sizes = self.layout.categories
        *logits, mu, raw = output.split([*sizes, self.layout.continuous, self.layout.continuous], dim=1)
        return CodePosterior(tuple(logits), mu, F.softplus(raw - SMALLEST_LOG_SIGMA) + SMALLEST_LOG_SIGMA)

    def information(
        self, posterior: "CodePosterior", latent: Float[Tensor, "batch latent"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return L_I of the categorical and of the continuous codes, estimated on a batch, in nats (eq. 5).

        Args:
            posterior: Q(c|x) at the data points that were generated from ``latent``.
            latent: latent vectors, whose codes Q should infer.
        """
        _, codes = self.layout.split(latent)
        discrete = [
            info_lower_bound_categorical(logits, category)
            for logits, category in zip(posterior.logits, codes.categories.unbind(dim=1), strict=True)
        ]
        continuous = info_lower_bound_continuous(posterior.mu, posterior.log_sigma, codes.continuous)
        return (sum(discrete, start=torch.zeros_like(continuous))).mean(), continuous.mean()

    def landmarks(self) -> dict[str, Landmark]:
        r"""Return a GAN's landmarks, and for L_I: the entropy of categorical codes; L_I of an ignorant Q.

        The entropy is the largest possible L_I of categorical codes; continuous ones have no such limit. The best
        Gaussian for a code uniform on (-1, 1) has its variance, 1/3: :math:`\log 2 - \tfrac12 \log(2\pi e/3)` nats.
        """
        entropy = sum(map(math.log, self.layout.categories))
        nothing = self.layout.continuous * (math.log(2) - 0.5 * math.log(2 * math.pi * math.e / 3))
        return super().landmarks() | {
            "discrete_information": Landmark(entropy, "at most, the entropy of the codes"),
            "continuous_information": Landmark(nothing, "where Q knows nothing of the codes"),
        }


class CodePosterior(NamedTuple):
    """Q(c|x): a categorical distribution for each categorical code, a Gaussian for each continuous one.

    Attributes:
        logits: logits of each categorical code, ``[batch, values]``.
        mu: means of the continuous codes.
        log_sigma: logarithms of their standard deviations.
    """

    logits: tuple[Tensor, ...]
    mu: Float[Tensor, "batch continuous"]
    log_sigma: Float[Tensor, "batch continuous"]

    def mode(self) -> Codes:
        """Return the most probable codes."""
        values = [logits.argmax(dim=1) for logits in self.logits]
        categories = torch.stack(values, dim=1) if values else self.mu.new_zeros(len(self.mu), 0).long()
        return Codes(categories, self.mu)


SMALL = {
    "hidden": (64,),
    "q_hidden": 64,
    "normalize": "generator",
    "minibatch_kernels": 16,
    "minibatch_dims": 8,
}

PRESETS = {
    # Appendix C, for all data: λ = 1; Adam at 2e-4 for D and 1e-3 for G (the released code: β₁ = 0.5, noise and
    # continuous codes uniform on (-1, 1)). The paper recommends a smaller λ for continuous codes, but states none for
    # MNIST, and launchers/run_mnist_exp.py of the released code (openai/InfoGAN) has 1 for all its codes.
    # MNIST, C.1 and table 1: 62 noise variables, Cat(10), two continuous codes; layers of 1,024, and of 128 for Q.
    "paper": {
        "noise_dim": 62, "categories": (10,), "continuous": 2, "channels": (64, 128), "hidden": (1024,),
        "q_hidden": 128, "discrete_weight": 1.0, "continuous_weight": 1.0, "rate_ratio": 0.2,
    },
    # SVHN, C.2: four Cat(10), four continuous codes (section 7.2 says two), 124 noise variables. D and Q are those of
    # table 2. The generator mirrors D: it begins with 256 maps of 4×4, that of table 2 with 448 maps of 2×2, and it
    # ends in a sigmoid instead of tanh.
    "paper_svhn": {
        "data_shape": (3, 32, 32), "noise_dim": 124, "categories": (10,) * 4, "continuous": 4,
        "channels": (64, 128, 256), "hidden": (), "continuous_weight": 1.0,
    },
    # CelebA, C.3: ten Cat(10), 128 noise variables. Table 3 has the networks of table 2.
    "paper_celeba": {
        "data_shape": (3, 32, 32), "noise_dim": 128, "categories": (10,) * 10, "continuous": 0,
        "channels": (64, 128, 256), "hidden": (),
    },
    # Smaller networks. In few steps on few images, only the codes decide what is generated, and the noise nothing,
    # unless the critic sees whole batches. Without batch normalization Q is the same function in evaluation.
    # At 0.1 continuous codes still have no effect after 2,500 steps; at 0.5 they leave nothing for
    # the categorical one, which is at 0.1 of 2.3 nats after 4,000.
    "laptop": SMALL | {"channels": (16, 32), "continuous_weight": 0.2},
    # Heads rendered from azimuth, elevation, lighting and width: four continuous codes. At 1 the codes are read back
    # early and each mixes several factors; at 0.3 elevation and lighting have a code each, azimuth and width share two.
    "heads": SMALL | {
        "data_shape": (1, 32, 32), "noise_dim": 8, "categories": (), "continuous": 4, "channels": (16, 32),
        "continuous_weight": 0.3,
    },
}  # fmt: skip

TRAINING = {
    # launchers/run_mnist_exp.py: 50 epochs of 100 updates on batches of 128.
    "paper": {"data": "mnist", "steps": 5_000, "batch_size": 128},
    # The number of steps is ours.
    "paper_svhn": {"data": "svhn", "steps": 50_000, "batch_size": 128},
    "paper_celeba": {"data": "celeba", "steps": 50_000, "batch_size": 128},
    # The trained models that come with the package have the generator's statistics as training had them.
    "laptop": {
        "data": "mnist_10k",
        "steps": 1_500,
        "batch_size": 64,
        "weight_average": 0.995,
        "keep_statistics": True,
    },
    "heads": {
        "data": "heads",
        "steps": 7_000,
        "batch_size": 64,
        "weight_average": 0.995,
        "keep_statistics": True,
    },
}
