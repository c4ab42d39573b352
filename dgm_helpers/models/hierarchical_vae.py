r"""A VAE with several layers of latents, z_L → … → z_1 → x, each layer Gaussian given the one above it.

.. math:: p(x, z) = p(x|z_1)\,p(z_1|z_2) \cdots p(z_{L-1}|z_L)\,p(z_L), \qquad p(z_L) = N(0, I)

Two posteriors. ``"factorized"``, :math:`q(z|x) = \prod_i q(z_i|x)`, is that of I. Gulrajani et al., *PixelVAE: A Latent
Variable Model for Natural Images*, ICLR 2017 (arXiv 1611.05013): a ladder of deterministic features of x, from each of
which a layer is read off. ``"bottom-up"``, :math:`q(z|x) = q(z_1|x)\,q(z_2|z_1) \cdots`, is that of Y. Burda, R. Grosse
and R. Salakhutdinov, ICLR 2016 (arXiv 1509.00519): a layer is read off the sample of the layer beneath.

With the first, the KL term of every layer has a closed form given the layer above. With the second, z_i and z_{i+1} are
dependent under q, and KL(q(z_i|·) || p(z_i|z_{i+1})) at z_{i+1} drawn from z_i is *not* the layer's term: all but the
top layer's are estimated by log q - log p at the sample.

The preset ``large`` is bottom-up with leaky rectifiers, as is the VAE that C. K. Sønderby, T. Raiko, L. Maaløe, S. K.
Sønderby and O. Winther, *Ladder Variational Autoencoders*, NIPS 2016 (arXiv 1602.02282), compare their ladder with.

Departs from the papers in: by default perceptrons of one hidden layer of tanh units; any number of latent layers; the
option ``free_nats``, which is the free bits of D. P. Kingma et al., NIPS 2016 (arXiv 1606.04934), with one group per
layer. Not implemented from Sønderby et al.: the ladder (a top-down posterior), batch normalization, and a weight of the
KL that rises to 1 over the first 200 epochs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.encoder_decoder import perceptron
from dgm_helpers.layers.scales import LOG_SCALES
from dgm_helpers.models.latent_hierarchy import Draw, LatentHierarchy, require_layers
from dgm_helpers.objectives.distributions import bernoulli_log_prob
from dgm_helpers.objectives.hierarchical import Gaussian

Activation = Callable[[], nn.Module]
ACTIVATIONS: dict[str, Activation] = {"tanh": nn.Tanh, "leaky_relu": partial(nn.LeakyReLU, 0.1)}


class Networks(NamedTuple):
    """The networks of q(z|x) and p(z), a list of each from the bottom.

    Attributes:
        readers: networks from flat x, then from the layer beneath (its features, or with ``"bottom-up"`` its latents),
            to features.
        heads: networks from these features to mean and scale of each q.
        priors: networks from each z_{i+1} to mean and scale of p(z_i|z_{i+1}).
    """

    readers: nn.ModuleList
    heads: nn.ModuleList
    priors: nn.ModuleList


class NetworkHierarchy(LatentHierarchy):
    """Hierarchy whose p and q are computed by networks.

    Args:
        networks: networks of q(z|x) and p(z).
        decoder: network from z_1 towards x, as the subclass uses it.
        scale: map from an output of a network to a standard deviation, a key of
            :data:`~dgm_helpers.layers.scales.LOG_SCALES`.
        hierarchy: the arguments of :class:`LatentHierarchy`.

    Raises:
        ValueError: if the scale is unknown, or as for :class:`LatentHierarchy`.
    """

    def __init__(
        self, *, networks: Networks, decoder: nn.Module, scale: str = "exp", **hierarchy: Any
    ) -> None:
        super().__init__(**hierarchy)
        if scale not in LOG_SCALES:
            raise ValueError(f"scale must be one of {', '.join(LOG_SCALES)}; got {scale!r}")
        self.readers, self.heads, self.priors = networks
        self.decoder, self.scale = decoder, scale

    def prior(self, layer: int, above: Float[Tensor, "*batch above"] | None = None) -> Gaussian:
        """Return p(z_i|z_{i+1}) of layer i given z_{i+1}; for the top layer p(z_L), ``[latent]``, given None."""
        if layer == len(self.latent_dims):
            zeros = next(self.parameters()).new_zeros(self.latent_dims[-1])
            return zeros, zeros
        return self.gaussian(self.priors[layer - 1](above))

    def gaussian(self, parameters: Float[Tensor, "*batch twice"]) -> Gaussian:
        """Return mean and log standard deviation from a network's output, in at least float32 as densities need it."""
        mu, scale = parameters.to(torch.promote_types(parameters.dtype, torch.float32)).chunk(2, dim=-1)
        return mu, LOG_SCALES[self.scale](scale)

    def read(self, x: Float[Tensor, "batch *pixels"]) -> list[Tensor]:
        """Return the features that depend only on x: those of all layers, or with bottom-up those of the first.

        Raises:
            ValueError: if the data points have a different size from the model's.
        """
        values, features = x.flatten(1), []
        if values.shape[1] != math.prod(self.data_shape):
            raise ValueError(
                f"this model takes {math.prod(self.data_shape)} numbers per data point, got {values.shape[1]}"
            )
        for reader in self.readers[:1] if self.posterior == "bottom-up" else self.readers:
            values = reader(values)
            features.append(values)
        return features

    def infer(self, features: Sequence[Tensor], draw: Draw) -> tuple[list[Tensor], list[Gaussian]]:
        """Return z_1 … z_L, each returned by ``draw`` for mean and log standard deviation of its q, and those pairs.

        The features are those of :meth:`read`; a layer without any reads the z beneath it.
        """
        latents, posteriors = [], []
        for layer, (reader, head) in enumerate(zip(self.readers, self.heads, strict=True)):
            inputs = features[layer] if layer < len(features) else reader(latents[-1])
            posteriors.append(self.gaussian(head(inputs)))
            latents.append(draw(*posteriors[-1]))
        return latents, posteriors


class HierarchicalVAE(NetworkHierarchy):
    """Hierarchical VAE on vectors with Bernoulli pixels. Layers are numbered as in the equations: 1 is next to x.

    Args:
        data_dim: number of data dimensions D (pixels).
        latent_dims: number of latent dimensions of each layer, from the bottom.
        hidden: units of the hidden layers of every perceptron; or one number per layer of latents, from the bottom, for
            the perceptrons that join z_i to the layer beneath it (x for z_1), both ways.
        posterior: ``"factorized"`` or ``"bottom-up"``.
        free_nats: nats below which lowering a layer's KL, averaged over the batch, no longer lowers the loss; 0 for the
            ELBO.
        depth: number of hidden layers of every perceptron.
        activation: activation of the hidden layers, ``"tanh"`` or ``"leaky_relu"``, max(x, 0.1 x).
        scale: map from an output of a network to a standard deviation: ``"exp"``, ``"softplus"``, or ``"softsign"`` for
            values below 1. With unbounded features, exponentials of exponentials would overflow.

    Raises:
        ValueError: if there are no layers of latents, ``hidden`` has a different number of entries, ``depth`` is less
            than 1, posterior, activation or scale is not one of those listed, or ``free_nats`` is negative.
    """

    def __init__(
        self,
        *,
        data_dim: int = 784,
        latent_dims: Sequence[int] = (20, 10),
        hidden: int | Sequence[int] = 200,
        posterior: str = "factorized",
        free_nats: float = 0.0,
        depth: int = 1,
        activation: str = "tanh",
        scale: str = "exp",
    ) -> None:
        if depth < 1:
            raise ValueError(f"depth must be at least 1, got {depth}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {activation!r}")
        kind = ACTIVATIONS[activation]
        units = [hidden] * len(latent_dims) if isinstance(hidden, int) else list(hidden)
        between = [[size] * depth for size in units]
        reader = hidden_layers([data_dim, *between[0]], kind) if between else nn.Identity()
        super().__init__(
            networks=perceptron_networks(reader, latent_dims, between, posterior, kind),
            decoder=perceptron([latent_dims[0], *between[0], data_dim], kind),
            scale=scale, data_shape=(data_dim,), latent_dims=latent_dims, posterior=posterior, free_nats=free_nats,
        )  # fmt: skip

    def log_likelihood(
        self, x: Float[Tensor, "batch *pixels"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Return log p(x|z_1), in nats, for each data point and each of its z_1."""
        logits = self.decoder(z)
        return bernoulli_log_prob(x.flatten(1), logits.to(torch.promote_types(logits.dtype, torch.float32)))

    def emit(
        self, z: Float[Tensor, "batch latent"], noise: Mapping[int, Tensor]
    ) -> Float[Tensor, "batch *data"]:
        """Return E[x|z_1]; the pixels get no noise."""
        return self.decoder(z).sigmoid()


def perceptron_networks(
    reader: nn.Module,
    latent_dims: Sequence[int],
    hidden: Sequence[Sequence[int]],
    posterior: str,
    activation: Activation = nn.Tanh,
) -> Networks:
    """Build the networks of q(z|x) and p(z): perceptrons, except for the first reader.

    Args:
        reader: network from flat x to the features that z_1 is read off.
        latent_dims: number of latent dimensions of each layer, from the bottom.
        hidden: units of the hidden layers beneath each layer of latents.
        posterior: ``"bottom-up"`` if a reader reads the latents beneath it, ``"factorized"`` if it reads the features.
        activation: activation of the hidden layers.

    Raises:
        ValueError: if there are no layers of latents, or ``hidden`` has a different number of entries.
    """
    require_layers(latent_dims)
    if len(hidden) != len(latent_dims):
        raise ValueError(
            f"hidden must have {len(latent_dims)} entries, one per layer of latents; got {len(hidden)}"
        )
    features = [sizes[-1] for sizes in hidden]
    inputs = (latent_dims if posterior == "bottom-up" else features)[:-1]
    upper = zip(inputs, hidden[1:], strict=True)
    readers = [reader, *(hidden_layers([size, *sizes], activation) for size, sizes in upper)]
    heads = map(nn.Linear, features, [2 * dim for dim in latent_dims])
    priors = (
        perceptron([above, *sizes, 2 * dim], activation)
        for (dim, above), sizes in zip(pairwise(latent_dims), hidden[1:], strict=True)
    )
    return Networks(nn.ModuleList(readers), nn.ModuleList(heads), nn.ModuleList(priors))


def hidden_layers(sizes: Sequence[int], activation: Activation = nn.Tanh) -> nn.Sequential:
    """Build a perceptron without its output: linear layers of these sizes, each followed by an activation."""
    return perceptron(sizes, activation).append(activation())


PRESETS = {
    # Five layers of latents, with perceptrons of two hidden layers that shrink with them. The sizes are ours.
    "large": {"latent_dims": (64, 32, 16, 8, 4), "hidden": (512, 256, 128, 64, 32), "depth": 2,
              "activation": "leaky_relu", "scale": "softplus", "posterior": "bottom-up"},
    "laptop": {"latent_dims": (20, 10), "hidden": 200},
}  # fmt: skip
TRAINING = {
    # 2,000 epochs of 60,000 images.
    "large": {"model": HierarchicalVAE, "data": "mnist", "steps": 470_000, "batch_size": 256, "learning_rate": 1e-3,
              "transform": binarize},
    "laptop": {"model": HierarchicalVAE, "data": "mnist_10k", "steps": 3_000, "learning_rate": 1e-3,
               "transform": binarize},
}  # fmt: skip
