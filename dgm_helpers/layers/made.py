r"""Autoregressive flows, and the masked network that makes a step of them one pass.

M. Germain, K. Gregor, I. Murray and H. Larochelle, *MADE: Masked Autoencoder for Distribution Estimation*, ICML 2015
(arXiv 1502.03509). A step of the flow (Kingma et al. 2016, arXiv 1606.04934, eq. 10 and 11) is

.. math:: \epsilon_i = z_i \exp s_i(z_{<i}) + t_i(z_{<i}), \qquad \log\left|\det\frac{d\epsilon}{dz}\right| = \sum_i s_i
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.kernels.linear import linear

LARGEST_LOG_SCALE = 3.0


class AutoregressiveFlow(nn.Module):
    """The map f, in one pass, and its inverse, coordinate by coordinate.

    Args:
        latent_dim: number of dimensions d.
        hidden: units of each hidden layer of a step's MADE.
        steps: number of steps; between two of them the coordinates are reversed.
        context_dim: numbers that each step sees besides.

    Raises:
        ValueError: if there are no steps.
    """

    def __init__(self, latent_dim: int, hidden: Sequence[int], steps: int, context_dim: int = 0) -> None:
        super().__init__()
        if steps < 1:
            raise ValueError(f"a flow needs at least one step, not {steps}")
        self.steps = nn.ModuleList(MADE(latent_dim, hidden, context_dim) for _ in range(steps))

    def forward(
        self, z: Float[Tensor, "*batch latent"], context: Float[Tensor, "*batch context"] | None = None
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch"]]:
        """f(z), and log|det f'(z)| in nats."""
        log_det = z.new_zeros(z.shape[:-1])
        for i, made in enumerate(self.steps):
            z = z if i == 0 else z.flip(-1)
            log_scale, shift = made(z, context)
            z = z * torch.exp(log_scale) + shift
            log_det = log_det + log_scale.sum(dim=-1)
        return z, log_det

    def inverse(
        self, epsilon: Float[Tensor, "*batch latent"], context: Float[Tensor, "*batch context"] | None = None
    ) -> Float[Tensor, "*batch latent"]:
        """The z that f maps to ``epsilon``."""
        coordinates = torch.arange(epsilon.shape[-1], device=epsilon.device)
        for i, made in reversed(list(enumerate(self.steps))):
            z = torch.zeros_like(epsilon)
            for coordinate in coordinates:  # right once those before it are
                log_scale, shift = made(z, context)
                z = torch.where(coordinates == coordinate, (epsilon - shift) * torch.exp(-log_scale), z)
            epsilon = z if i == 0 else z.flip(-1)
        return epsilon


class MADE(nn.Module):
    """Perceptron with ELU whose outputs for coordinate i see the coordinates before i, and the context, alone.

    Germain et al. (2015), eq. 8 and 9: a unit of degree m sees what has a degree up to m, an output what is below
    its own.

    Args:
        dim: number of coordinates d.
        hidden: units of each hidden layer; of fewer than d - 1 the last coordinates are seen by no output.
        context_dim: numbers that all outputs may see, also the first coordinate's.

    Raises:
        ValueError: if there is a context and no hidden layer to take it in.
    """

    def __init__(self, dim: int, hidden: Sequence[int], context_dim: int = 0) -> None:
        super().__init__()
        if context_dim and not hidden:
            raise ValueError("a context needs a hidden layer to enter")
        self.dim, self.context_dim = dim, context_dim
        # Units of degree 0 see no coordinate; without a context only a single coordinate needs them.
        lowest = 0 if context_dim or dim == 1 else 1
        degrees = [torch.arange(1, dim + 1)]
        degrees += [lowest + torch.arange(units) % (dim - lowest) for units in hidden]
        layers = [MaskedLinear(before, after) for before, after in pairwise(degrees)]
        self.hidden = nn.ModuleList(layers)
        self.output = MaskedLinear(degrees[-1], torch.arange(1, dim + 1).repeat(2) - 1)
        self.context = nn.Linear(context_dim, hidden[0], bias=False) if context_dim else None

    def forward(
        self, z: Float[Tensor, "*batch dim"], context: Float[Tensor, "*batch context"] | None = None
    ) -> tuple[Float[Tensor, "*batch dim"], Float[Tensor, "*batch dim"]]:
        """Log-scale and shift of each coordinate, in z's precision.

        Raises:
            ValueError: if the context has another size, or is missing, or z has another number of coordinates.
        """
        given = 0 if context is None else context.shape[-1]
        if (z.shape[-1], given) != (self.dim, self.context_dim):
            raise ValueError(
                f"{self.dim} coordinates and a context of {self.context_dim} numbers are needed, "
                f"not {z.shape[-1]} and {given}"
            )
        h = z
        for i, layer in enumerate(self.hidden):
            h = layer(h)
            if i == 0 and self.context is not None:
                h = h + self.context(context)
            h = F.elu(h)
        raw, shift = self.output(h).to(z.dtype).chunk(2, dim=-1)
        return LARGEST_LOG_SCALE * torch.tanh(raw / LARGEST_LOG_SCALE), shift


class MaskedLinear(nn.Linear):
    """Linear layer in which a unit sees those inputs alone whose degree is at most its own."""

    def __init__(self, inputs: Int[Tensor, " inputs"], outputs: Int[Tensor, " outputs"]) -> None:
        super().__init__(len(inputs), len(outputs))
        mask = outputs[:, None] >= inputs
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The layer's output; the mask is part of the expression, so that hidden weights never move."""
        return linear(x, self.weight * self.mask, self.bias)
