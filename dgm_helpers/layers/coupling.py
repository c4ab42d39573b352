r"""Coupling layers: one part of x is kept, and the rest is changed by a network's function of the kept part.

.. math:: y_\text{kept} = x_\text{kept}, \qquad
          y_\text{changed} = x_\text{changed} \odot \exp s(x_\text{kept}) + t(x_\text{kept})

The Jacobian is triangular whatever the networks are, so :math:`\log|\det| = \sum s`, and the inverse needs no inverse
of a network. Additive (s = 0): Dinh, Krueger and Bengio, *NICE* (arXiv 1410.8516), section 3.2. Affine: Dinh,
Sohl-Dickstein and Bengio, *Density estimation using Real NVP*, ICLR 2017 (arXiv 1605.08803), eq. 4 to 8.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class Coupling(nn.Module):
    """Base class of both couplings: the network and the partition of x.

    Args:
        network: function of the kept part; :class:`AdditiveCoupling` and :class:`AffineCoupling` specify the shape of
            its output.
        partition: an :class:`AxisPartition` or a :class:`CheckerboardPartition`.
    """

    def __init__(self, network: nn.Module, partition: nn.Module) -> None:
        super().__init__()
        self.network, self.partition = network, partition


class AdditiveCoupling(Coupling):
    """Coupling that adds ``network(kept)``, of the changed part's shape. It preserves volume: log|det| is 0."""

    def forward(
        self, x: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
        """Return y, and log|det dy/dx| of each row in nats."""
        kept, changed = self.partition.split(x)
        # The network may compute in bfloat16; y keeps the precision of x.
        y = self.partition.join(kept, changed + self.network(kept).to(x.dtype))
        return y, x.new_zeros(len(x))

    def inverse(self, y: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """Return the x that :meth:`forward` maps to ``y``."""
        kept, changed = self.partition.split(y)
        return self.partition.join(kept, changed - self.network(kept).to(y.dtype))


class AffineCoupling(Coupling):
    r"""Coupling that scales by :math:`\exp s` and adds t; ``network(kept)`` returns the raw s and t along axis 1.

    As in Real NVP, section 4.1, :math:`s = a \odot \tanh(\cdot)` with a learned scale a for each channel, which keeps
    the layer invertible in float32 for every output of the network.

    Args:
        network: see :class:`Coupling`; it must output twice as many channels as there are changed ones.
        partition: see :class:`Coupling`.
        features: number of changed channels (coordinates of a vector).
    """

    def __init__(self, network: nn.Module, partition: nn.Module, features: int) -> None:
        super().__init__(network, partition)
        self.scale = nn.Parameter(torch.ones(features))

    def _scale_and_shift(
        self, kept: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch *changed"], Float[Tensor, "batch *changed"]]:
        """Return s and t in the precision of ``kept``; a sum of thousands of rounded s would be too inaccurate."""
        raw, shift = self.network(kept).to(kept.dtype).chunk(2, dim=1)
        scale = self.scale.view(-1, *[1] * (raw.ndim - 2))
        return self.partition.only_changed(scale * torch.tanh(raw)), shift

    def forward(
        self, x: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
        """Return y, and log|det dy/dx| of each row in nats."""
        kept, changed = self.partition.split(x)
        log_scale, shift = self._scale_and_shift(kept)
        y = self.partition.join(kept, changed * torch.exp(log_scale) + shift)
        return y, log_scale.flatten(1).sum(dim=1)

    def inverse(self, y: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """Return the x that :meth:`forward` maps to ``y``."""
        kept, changed = self.partition.split(y)
        log_scale, shift = self._scale_and_shift(kept)
        return self.partition.join(kept, (changed - shift) * torch.exp(-log_scale))


class AxisPartition(nn.Module):
    """Partition that keeps some coordinates of a vector or channels of an image; the network sees only these.

    Args:
        mask: True for the entries of axis 1 to keep; see :func:`parity_mask` and :func:`channel_mask`.

    Raises:
        ValueError: if the mask keeps all entries or none.
    """

    def __init__(self, mask: Bool[Tensor, " features"]) -> None:
        super().__init__()
        _require_two_parts(mask)
        kept, changed = mask.nonzero().flatten(), (~mask).nonzero().flatten()
        self.register_buffer("kept", kept, persistent=False)
        self.register_buffer("changed", changed, persistent=False)
        self.register_buffer("order", torch.cat([kept, changed]).argsort(), persistent=False)

    def split(
        self, x: Float[Tensor, "batch features *positions"]
    ) -> tuple[Float[Tensor, "batch kept *positions"], Float[Tensor, "batch changed *positions"]]:
        """Return the kept and the changed part of x."""
        return x.index_select(1, self.kept), x.index_select(1, self.changed)

    def join(
        self, kept: Float[Tensor, "batch kept *positions"], changed: Float[Tensor, "batch changed *positions"]
    ) -> Float[Tensor, "batch features *positions"]:
        """Return x from its two parts, the inverse of :meth:`split`."""
        return torch.cat([kept, changed], dim=1).index_select(1, self.order)

    def only_changed(self, values: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """Return ``values``, all of which belong to the changed part."""
        return values


class CheckerboardPartition(nn.Module):
    """Partition that keeps the pixels of one color of a checkerboard.

    Both parts have the image's shape, with zeros at the other part's pixels.

    Args:
        mask: True for the pixels to keep; see :func:`checkerboard_mask`.

    Raises:
        ValueError: if the mask keeps all pixels or none.
    """

    def __init__(self, mask: Bool[Tensor, "height width"]) -> None:
        super().__init__()
        _require_two_parts(mask)
        self.register_buffer("mask", mask, persistent=False)

    def split(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch channels height width"], Float[Tensor, "batch channels height width"]]:
        """Return the kept and the changed part of x."""
        return x * self.mask, x * ~self.mask

    def join(
        self,
        kept: Float[Tensor, "batch channels height width"],
        changed: Float[Tensor, "batch channels height width"],
    ) -> Float[Tensor, "batch channels height width"]:
        """Return x from its two parts, the inverse of :meth:`split`; ``changed`` is ignored at kept pixels."""
        return torch.where(self.mask, kept, changed)

    def only_changed(
        self, values: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return ``values`` at changed pixels, zero at kept ones."""
        return values * ~self.mask


def parity_mask(size: int, *, keep_even: bool) -> Bool[Tensor, " {size}"]:
    """Return a mask of every second coordinate of a vector, including the first if ``keep_even``. NICE, section 5.1."""
    return (torch.arange(size) % 2 == 0) == keep_even


def channel_mask(channels: int, *, keep_first: bool) -> Bool[Tensor, " {channels}"]:
    """Return a mask of the first half of the channels, or of the second. Real NVP, section 3.4."""
    return (torch.arange(channels) < channels // 2) == keep_first


def checkerboard_mask(height: int, width: int, *, keep_even: bool) -> Bool[Tensor, "{height} {width}"]:
    """Return a mask of the pixels whose row + column is even, or of those where it is odd. Real NVP, section 3.4."""
    return ((torch.arange(height)[:, None] + torch.arange(width)) % 2 == 0) == keep_even


def _require_two_parts(mask: Bool[Tensor, "*shape"]) -> None:
    if mask.all() or not mask.any():
        raise ValueError(
            f"mask must keep some entries and change others, got {int(mask.sum())} of {mask.numel()} to keep"
        )
