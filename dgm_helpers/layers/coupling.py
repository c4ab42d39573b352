r"""Coupling layers: a part of x is kept, and the rest is changed by what a network makes of the kept part.

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
    """What both couplings share: the network and the partition of x.

    Args:
        network: maps the kept part to what the change is made of, in the shape that :class:`AdditiveCoupling` and
            :class:`AffineCoupling` say.
        partition: an :class:`AxisPartition` or a :class:`CheckerboardPartition`.
    """

    def __init__(self, network: nn.Module, partition: nn.Module) -> None:
        super().__init__()
        self.network, self.partition = network, partition


class AdditiveCoupling(Coupling):
    """Adds ``network(kept)``, of the changed part's shape. Its volume is preserved: log|det| is 0."""

    def forward(
        self, x: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
        """y, and log|det dy/dx| of each row in nats."""
        kept, changed = self.partition.split(x)
        # The network may compute in bfloat16; x and y stay in the precision that x came in.
        y = self.partition.join(kept, changed + self.network(kept).to(x.dtype))
        return y, x.new_zeros(len(x))

    def inverse(self, y: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """The x whose image is ``y``."""
        kept, changed = self.partition.split(y)
        return self.partition.join(kept, changed - self.network(kept).to(y.dtype))


class AffineCoupling(Coupling):
    r"""Scales by :math:`\exp s` and adds t, where ``network(kept)`` holds both along axis 1, first what s is made of.

    As in Real NVP, section 4.1, :math:`s = a \odot \tanh(\cdot)` with a learned scale a of each channel, which keeps
    the layer invertible in float32 whatever the network returns.

    Args:
        network: as for :class:`Coupling`; twice as many channels leave it as there are changed ones.
        partition: as for :class:`Coupling`.
        features: number of changed channels (coordinates of a vector).
    """

    def __init__(self, network: nn.Module, partition: nn.Module, features: int) -> None:
        super().__init__(network, partition)
        self.scale = nn.Parameter(torch.ones(features))

    def _scale_and_shift(
        self, kept: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch *changed"], Float[Tensor, "batch *changed"]]:
        """s and t, in the precision of ``kept``: a sum of thousands of rounded s would be no log-determinant."""
        raw, shift = self.network(kept).to(kept.dtype).chunk(2, dim=1)
        scale = self.scale.view(-1, *[1] * (raw.ndim - 2))
        return self.partition.only_changed(scale * torch.tanh(raw)), shift

    def forward(
        self, x: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
        """y, and log|det dy/dx| of each row in nats."""
        kept, changed = self.partition.split(x)
        log_scale, shift = self._scale_and_shift(kept)
        y = self.partition.join(kept, changed * torch.exp(log_scale) + shift)
        return y, log_scale.flatten(1).sum(dim=1)

    def inverse(self, y: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """The x whose image is ``y``."""
        kept, changed = self.partition.split(y)
        log_scale, shift = self._scale_and_shift(kept)
        return self.partition.join(kept, (changed - shift) * torch.exp(-log_scale))


class AxisPartition(nn.Module):
    """Some coordinates of a vector, or channels of an image, are kept; the network sees these alone.

    Args:
        mask: which entries of axis 1 are kept; see :func:`parity_mask` and :func:`channel_mask`.

    Raises:
        ValueError: if the mask keeps all or nothing.
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
        """The kept and the changed part of x."""
        return x.index_select(1, self.kept), x.index_select(1, self.changed)

    def join(
        self, kept: Float[Tensor, "batch kept *positions"], changed: Float[Tensor, "batch changed *positions"]
    ) -> Float[Tensor, "batch features *positions"]:
        """The inverse of :meth:`split`."""
        return torch.cat([kept, changed], dim=1).index_select(1, self.order)

    def only_changed(self, values: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """``values``: all of them belong to the changed part."""
        return values


class CheckerboardPartition(nn.Module):
    """Pixels of one color of a chessboard are kept. Both parts have the image's shape, zero where the other one is.

    Args:
        mask: which pixels are kept; see :func:`checkerboard_mask`.

    Raises:
        ValueError: if the mask keeps all or nothing.
    """

    def __init__(self, mask: Bool[Tensor, "height width"]) -> None:
        super().__init__()
        _require_two_parts(mask)
        self.register_buffer("mask", mask, persistent=False)

    def split(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch channels height width"], Float[Tensor, "batch channels height width"]]:
        """The kept and the changed part of x."""
        return x * self.mask, x * ~self.mask

    def join(
        self,
        kept: Float[Tensor, "batch channels height width"],
        changed: Float[Tensor, "batch channels height width"],
    ) -> Float[Tensor, "batch channels height width"]:
        """The inverse of :meth:`split`; whatever has been added to the changed part at kept pixels is left out."""
        return torch.where(self.mask, kept, changed)

    def only_changed(
        self, values: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """``values`` at changed pixels, zero at kept ones."""
        return values * ~self.mask


def parity_mask(size: int, *, keep_even: bool) -> Bool[Tensor, " {size}"]:
    """Every second coordinate of a vector, from the first on if ``keep_even``. NICE, section 5.1."""
    return (torch.arange(size) % 2 == 0) == keep_even


def channel_mask(channels: int, *, keep_first: bool) -> Bool[Tensor, " {channels}"]:
    """The first half of the channels, or the second. Real NVP, section 3.4."""
    return (torch.arange(channels) < channels // 2) == keep_first


def checkerboard_mask(height: int, width: int, *, keep_even: bool) -> Bool[Tensor, "{height} {width}"]:
    """Pixels at which row + column is even, or those at which it is odd. Real NVP, section 3.4."""
    return ((torch.arange(height)[:, None] + torch.arange(width)) % 2 == 0) == keep_even


def _require_two_parts(mask: Bool[Tensor, "*shape"]) -> None:
    if mask.all() or not mask.any():
        raise ValueError("a coupling keeps a part of x and changes another; this mask has but one of the two")
