r"""NICE: additive couplings and a diagonal scaling between data and independent latents, with an exact density.

L. Dinh, D. Krueger and Y. Bengio, *NICE: Non-linear Independent Components Estimation*, ICLR 2015 workshop (arXiv
1410.8516). With z = f(x), their eq. 3 and section 3.3:

.. math:: \log p(x) = \sum_i \log p(z_i) + \sum_i \log |S_{ii}|, \qquad
          z = \exp(\log S) \odot h, \quad h = \text{couplings}(x), \quad
          y_\text{changed} = x_\text{changed} + m(x_\text{kept})

Aims at 1980.50 nats for MNIST's test set, dequantized and scaled to [0, 1] (their figure 3).

Departs from the paper in: data are not whitened (ZCA, for their color images); networks are initialized as torch does.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from dgm_helpers.layers.coupling import AdditiveCoupling, AxisPartition, parity_mask
from dgm_helpers.layers.encoder_decoder import perceptron
from dgm_helpers.models.configured import Configured
from dgm_helpers.models.normalizing_flow import NormalizingFlow
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.runtime import drawing_device

PRIORS = ("logistic", "gaussian")


class NICE(NormalizingFlow):
    """NICE on vectors; images are flattened.

    Args:
        data_dim: number of data dimensions D, at least 2, even or odd.
        hidden: units of each hidden layer of a coupling's ReLU network.
        couplings: number of coupling layers, which keep the even and the odd coordinates in turn. With fewer than
            three, some coordinates cannot influence some others.
        prior: distribution of each latent, ``"logistic"`` or ``"gaussian"``.
        levels: number of gray levels of the images, to which :meth:`loss` adds uniform noise; None for data that are
            already real numbers.

    Raises:
        ValueError: if the prior is not one of those listed, or there are fewer than two dimensions or no couplings.
    """

    def __init__(
        self,
        *,
        data_dim: int = 784,
        hidden: Sequence[int] = (1000, 1000, 1000, 1000, 1000),
        couplings: int = 4,
        prior: str = "logistic",
        levels: int | None = 256,
    ) -> None:
        super().__init__()
        if prior not in PRIORS:
            raise ValueError(f"prior must be one of {', '.join(PRIORS)}; got {prior!r}")
        if data_dim < 2 or couplings < 1:
            raise ValueError(
                f"data_dim must be at least 2 and couplings at least 1, got {data_dim} and {couplings}"
            )
        self.data_dim, self.levels = data_dim, levels
        self.couplings = nn.ModuleList(
            additive_coupling(data_dim, hidden, keep_even=layer % 2 == 0) for layer in range(couplings)
        )
        self.log_scale = nn.Parameter(torch.zeros(data_dim))
        kind = StandardLogistic if prior == "logistic" else StandardNormal
        self.prior = kind(latent_dim=data_dim)

    def transform(
        self, x: Float[Tensor, "batch *pixels"]
    ) -> tuple[Float[Tensor, "batch data"], Float[Tensor, " batch"]]:
        """Return z = f(x), and log|det df/dx| in nats, the same for every x.

        Raises:
            ValueError: if the data points have a different size from the model's.
        """
        h = x.flatten(1)
        if h.shape[1] != self.data_dim:
            raise ValueError(f"this model takes {self.data_dim} numbers per data point, got {h.shape[1]}")
        for coupling in self.couplings:
            h, _ = coupling(h)  # preserves volume
        return h * torch.exp(self.log_scale), self.log_scale.sum().expand(len(h))

    def decode(self, z: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """Return the data point x whose latent is z."""
        h = z * torch.exp(-self.log_scale)
        for coupling in reversed(self.couplings):
            h = coupling.inverse(h)
        return h


def additive_coupling(data_dim: int, hidden: Sequence[int], *, keep_even: bool) -> AdditiveCoupling:
    """Return a coupling that keeps the even (else the odd) coordinates, with a ReLU network for the others."""
    mask = parity_mask(data_dim, keep_even=keep_even)
    kept = int(mask.sum())
    network = perceptron([kept, *hidden, data_dim - kept], nn.ReLU)
    return AdditiveCoupling(network, AxisPartition(mask))


class StandardLogistic(Configured, nn.Module):
    r"""Independent logistic latents of density :math:`\sigma(z)\,\sigma(-z)` and variance :math:`\pi^2/3`."""

    def __init__(self, *, latent_dim: int) -> None:
        super().__init__()
        # A buffer, so that samples follow the model's device and dtype.
        self.register_buffer("zeros", torch.zeros(latent_dim), persistent=False)

    def log_prob(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
        """Return the log-density of each ``z``, in nats: their section 3.4, with both exponentials in stable form."""
        return (F.logsigmoid(z) + F.logsigmoid(-z)).sum(dim=-1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "{n} latent"]:
        """Draw ``n`` latents: the logit of a uniform number has a logistic distribution."""
        device = drawing_device(generator, self.zeros.device)
        shape = (n, len(self.zeros))
        uniform = torch.rand(shape, generator=generator, dtype=self.zeros.dtype, device=device).to(self.zeros)
        smallest = torch.finfo(uniform.dtype).eps / 4  # rand can return 0, whose logit is infinite
        return torch.logit(uniform.clamp_min(smallest))


PRESETS = {
    # Section 5.1, and exp/nice_mnist.yaml of the released code (laurent-dinh/nice): four couplings, five hidden layers
    # of 1,000 units and a logistic prior for MNIST.
    "paper": {"data_dim": 784, "hidden": (1000,) * 5, "couplings": 4, "prior": "logistic"},
    # As trained below: 50 seconds to about 1,800 nats, 4.7 bits per dimension, on held-out training digits.
    "laptop": {"data_dim": 784, "hidden": (256,) * 4, "couplings": 4, "prior": "logistic"},
}

TRAINING = {
    # 1,500 epochs in batches of 200, as exp/nice_mnist.yaml has it (the paper does not state the batches): of 60,000
    # images, of which theirs keeps 10,000 for validation. Section 5.1: Adam with learning rate 1e-3, momentum 0.9,
    # beta_2 = 0.01, lambda = 1 and epsilon 1e-4 (the code has RMSProp). Read as in the first version of Adam's paper
    # (arXiv 1412.6980), where beta_2, 0.001 by default, is the weight of the newest square: one minus torch's
    # beta_2.
    "paper": {
        "data": "mnist",
        "steps": 450_000,
        "batch_size": 200,
        "learning_rate": 1e-3,
        "optimizer": partial(Adam, betas=(0.9, 0.99), eps=1e-4),
    },
    "laptop": {
        "data": "mnist_10k",
        "steps": 3500,
        "batch_size": 128,
        "learning_rate": 3e-3,
        "weight_average": 0.999,
    },
}
