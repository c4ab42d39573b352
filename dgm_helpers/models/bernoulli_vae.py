r"""A VAE whose latents are bits, which cannot be reparametrized: the score function trains its encoder.

.. math:: p(z) = \mathrm{Bernoulli}(\tfrac12)^d, \qquad p(x|z) = \mathrm{Bernoulli}(\mathrm{decoder}(z)),
          \qquad q(z|x) = \mathrm{Bernoulli}(\mathrm{encoder}(x))

A. Mnih and K. Gregor, *Neural Variational Inference and Learning in Belief Networks*, ICML 2014 (arXiv 1402.0030),
train such a model, there called a sigmoid belief network. Their encoder's gradient is the score function's with
learned baselines. Few enough bits can be enumerated, which makes log p(x) and the ELBO exact.

Departs from the paper in: a leave-one-out baseline over several samples instead of their learned ones; tanh
layers in encoder and decoder; p(z) is fixed; Adam.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.encoder_decoder import perceptron
from dgm_helpers.models.configured import Configured
from dgm_helpers.objectives.distributions import bernoulli_log_prob
from dgm_helpers.objectives.gradient_estimators import bernoulli_score, leave_one_out_gradient

MOST_BITS_TO_ENUMERATE = 16


class BernoulliVAE(Configured, nn.Module):
    """VAE with ``latent_dim`` independent bits under prior and encoder; a perceptron each way.

    Args:
        data_dim: number of data dimensions D (pixels), each in [0, 1].
        latent_dim: number of bits d.
        hidden: units of each hidden layer of the encoder; the decoder mirrors it.
        samples: number K of codes drawn per image in training.
        gradient: function of values ``[K, B]`` and scores ``[K, B, d]`` that returns an estimate ``[B, d]`` of the
            gradient with respect to the encoder's logits. It affects only training and is not part of ``config``.
    """

    def __init__(
        self,
        *,
        data_dim: int = 784,
        latent_dim: int = 200,
        hidden: Sequence[int] = (200,),
        samples: int = 8,
        gradient: Callable[[Tensor, Tensor], Tensor] = leave_one_out_gradient,
    ) -> None:
        super().__init__()
        self.latent_dim, self.samples, self.gradient = latent_dim, samples, gradient
        self.encoder = perceptron([data_dim, *hidden, latent_dim])
        self.decoder = perceptron([latent_dim, *reversed(hidden), data_dim])

    def encode(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch latent"]:
        """Return the logits of q(z|x)."""
        # In x's precision, for the KL, whatever the network computes in: bfloat16 would round the sigmoids.
        return self.encoder(x).to(x.dtype)

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch data"]:
        """Return the logits of p(x|z)."""
        return self.decoder(z).to(z.dtype)

    def log_likelihood(
        self, x: Float[Tensor, "batch data"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Return log p(x|z), in nats, for each image and each of its codes."""
        return bernoulli_log_prob(x, self.decode(z))

    def kl(self, logits: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        r"""Return KL(q(z|x) || p(z)) in closed form: :math:`d\log 2` minus the entropy of the bits, in nats."""
        probabilities = torch.sigmoid(logits)
        return self.latent_dim * math.log(2) + bernoulli_log_prob(probabilities, logits)

    def loss(
        self, batch: Float[Tensor, "batch data"], generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return the negative ELBO estimated with K codes per image, and its two terms; batch averages, in nats.

        Its gradient reaches the decoder by backpropagation and the encoder through ``gradient``.
        """
        logits = self.encode(batch)
        z = sample_bits(logits.detach().expand(self.samples, *logits.shape), generator)
        values = self.log_likelihood(batch, z)
        estimate = self.gradient(values.detach(), bernoulli_score(z, logits.detach())).detach()
        carrier = (estimate * logits).sum(dim=-1)
        # Zero in value; its derivative carries the estimate into the encoder.
        into_encoder = (carrier - carrier.detach()).mean()
        reconstruction, kl = values.mean(), self.kl(logits).mean()
        return {"loss": kl - reconstruction - into_encoder, "reconstruction": reconstruction, "kl": kl}

    def elbo(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact ELBO, by the sum over all codes, in nats."""
        codes, logits = self.codes(), self.encode(x)
        log_q = bernoulli_log_prob(codes[:, None], logits)
        return (log_q.exp() * self._log_likelihood_of_codes(x, codes)).sum(dim=0) - self.kl(logits)

    def log_prob(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        """Return the exact log p(x), by the sum over all codes, in nats."""
        log_joint = self._log_likelihood_of_codes(x, self.codes()) - self.latent_dim * math.log(2)
        return log_joint.logsumexp(dim=0)

    def codes(self) -> Float[Tensor, "codes latent"]:
        """Return every code of ``latent_dim`` bits.

        Raises:
            ValueError: if there are too many to enumerate.
        """
        if self.latent_dim > MOST_BITS_TO_ENUMERATE:
            raise ValueError(
                f"latent_dim must be at most {MOST_BITS_TO_ENUMERATE} to enumerate all codes, got {self.latent_dim}"
            )
        weight = self.encoder[0].weight
        numbers = torch.arange(2**self.latent_dim, device=weight.device)
        return (numbers[:, None] >> torch.arange(self.latent_dim, device=weight.device) & 1).to(weight)

    def reconstruct(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """Return E[x|z] at the most probable code of q(z|x)."""
        return torch.sigmoid(self.decode((self.encode(x) > 0).to(x)))

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """Return E[x|z] for ``n`` codes from the prior."""
        fair = torch.zeros(n, self.latent_dim).to(self.encoder[0].weight)
        return torch.sigmoid(self.decode(sample_bits(fair, generator)))

    def _log_likelihood_of_codes(
        self, x: Float[Tensor, "batch data"], codes: Float[Tensor, "codes latent"]
    ) -> Float[Tensor, "codes batch"]:
        return bernoulli_log_prob(x, self.decode(codes)[:, None])


def sample_bits(
    logits: Float[Tensor, "*batch latent"], generator: torch.Generator | None = None
) -> Float[Tensor, "*batch latent"]:
    """Draw each bit from Bernoulli(sigmoid(logit)); no gradient flows through it."""
    return binarize(torch.sigmoid(logits), generator)


PRESETS = {
    # Section 5, MNIST: their network of one layer, a sigmoid belief network, has 200 units.
    "paper": {"latent_dim": 200, "hidden": ()},
    "laptop": {"latent_dim": 8, "hidden": (64,), "samples": 8},
}  # fmt: skip

TRAINING = {
    # Section 4: minibatches of 20 and a learning rate of 3e-4. Theirs is five times smaller for the inference network,
    # and they use plain gradient descent, where this preset uses one rate and Adam. Steps are ours.
    "paper": {"data": "mnist", "steps": 500_000, "batch_size": 20, "learning_rate": 3e-4, "transform": binarize},
    "laptop": {"data": "mnist_10k", "steps": 2000, "batch_size": 50, "learning_rate": 3e-3, "transform": binarize},
}  # fmt: skip
