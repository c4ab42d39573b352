r"""Autoregressive flows, and the masked network that computes a step in one pass.

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
    """A map f, computed in one pass, and its inverse, computed coordinate by coordinate.

    Args:
        latent_dim: number of dimensions d.
        hidden: number of units of each hidden layer of a step's MADE.
        steps: number of steps; the order of the coordinates is reversed between two steps.
        context_dim: number of context values that each step also sees.

    Raises:
        ValueError: if ``steps`` is less than 1, or there is a context but no hidden layer.
    """

    def __init__(self, latent_dim: int, hidden: Sequence[int], steps: int, context_dim: int = 0) -> None:
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        self.steps = nn.ModuleList(MADE(latent_dim, hidden, context_dim) for _ in range(steps))

    def forward(
        self, z: Float[Tensor, "*batch latent"], context: Float[Tensor, "*batch context"] | None = None
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch"]]:
        """Return f(z), and log|det f'(z)| in nats."""
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
        """Return the z that f maps to ``epsilon``."""
        coordinates = torch.arange(epsilon.shape[-1], device=epsilon.device)
        for i, made in reversed(list(enumerate(self.steps))):
            z = torch.zeros_like(epsilon)
            for coordinate in coordinates:  # correct once all earlier ones are
                log_scale, shift = made(z, context)
                z = torch.where(coordinates == coordinate, (epsilon - shift) * torch.exp(-log_scale), z)
            epsilon = z if i == 0 else z.flip(-1)
        return epsilon


class MADE(nn.Module):
    """Perceptron with ELU whose outputs for coordinate i see only the coordinates before i, and the context.

    Germain et al. (2015), eq. 8 and 9: a unit of degree m sees inputs of degree up to m, and an output sees units of
    degree less than its own.

    Args:
        dim: number of coordinates d.
        hidden: number of units of each hidden layer; with fewer than d - 1, no output sees the last coordinates.
        context_dim: number of context values, which all outputs see, including those of the first coordinate.

    Raises:
        ValueError: if there is a context but no hidden layer.
    """

    def __init__(self, dim: int, hidden: Sequence[int], context_dim: int = 0) -> None:
        super().__init__()
        if context_dim and not hidden:
            raise ValueError(
                f"hidden must have at least one layer for a context of {context_dim} numbers, got none"
            )
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
        """Return log-scale and shift of each coordinate, in z's precision.

        Raises:
            ValueError: if z does not have ``dim`` coordinates, or the context does not have ``context_dim`` numbers.
        """
        context_size = 0 if context is None else context.shape[-1]
        if (z.shape[-1], context_size) != (self.dim, self.context_dim):
            raise ValueError(
                f"z must have {self.dim} coordinates and context {self.context_dim} numbers, got {z.shape[-1]} and "
                f"{context_size}"
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
    """Linear layer in which a unit sees only inputs whose degree is at most its own."""

    def __init__(self, inputs: Int[Tensor, " inputs"], outputs: Int[Tensor, " outputs"]) -> None:
        super().__init__(len(inputs), len(outputs))
        mask = outputs[:, None] >= inputs
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """Return the layer's output; the mask is part of the expression, so that masked weights get zero gradients."""
        return linear(x, self.weight * self.mask, self.bias)
