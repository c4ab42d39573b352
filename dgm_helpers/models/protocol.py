"""The protocol of a model, a module with a ``loss``, and one protocol for each ability that only some models have.

``isinstance(model, Samples)`` is true for every object that has the protocol's methods, whatever its class; Python
does not compare their arguments. Data points are the first axis of each tensor, and densities are in nats.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

Generator = torch.Generator | None


@runtime_checkable
class Model(Protocol):
    """Is trained by minimizing ``loss(batch, generator=...)["loss"]``; the other terms are logged, averages in nats.

    A conditional model's loss also takes ``label``, the class of each data point.
    """

    def loss(self, batch: Tensor, *, generator: Generator = None) -> dict[str, Tensor]: ...


@runtime_checkable
class HasDensity(Protocol):
    """Computes log p(x) exactly, ``[batch]``."""

    def log_prob(self, x: Tensor) -> Tensor: ...


@runtime_checkable
class HasBound(Protocol):
    """Estimates a lower bound on log p(x), ``[batch]``, from ``samples`` draws of q(z|x)."""

    def bound(self, x: Tensor, samples: int = 1, *, generator: Generator = None) -> Tensor: ...


@runtime_checkable
class Samples(Protocol):
    """Draws ``n`` data points; a conditional model needs ``label``, one class for all or one for each."""

    def sample(self, n: int, *, generator: Generator = None) -> Tensor: ...


@runtime_checkable
class Encodes(Protocol):
    """Turns data into codes: a tensor, or the parameters of q(z|x), such as a mean and a log standard deviation."""

    def encode(self, x: Tensor) -> Any: ...


@runtime_checkable
class Decodes(Protocol):
    """Turns codes into data, or into the parameters of p(x|z)."""

    def decode(self, z: Tensor) -> Tensor: ...


@runtime_checkable
class Reconstructs(Protocol):
    """Encodes and decodes; the result has the shape of ``x``."""

    def reconstruct(self, x: Tensor) -> Tensor: ...


@runtime_checkable
class ImportanceSamples(Protocol):
    """Encodes ``x`` once; the returned function draws K log-weights log p(x, z) - log q(z|x), ``[K, batch]``."""

    def importance_sampler(self, x: Tensor) -> Callable[[int, Generator], Tensor]: ...


@runtime_checkable
class HasLayerMeans(Protocol):
    """Returns E[z] under q(z|x) for each layer of latents, estimated by ``samples`` draws if it has no closed form."""

    def layer_means(self, x: Tensor, samples: int = 100, generator: Generator = None) -> Sequence[Tensor]: ...


@runtime_checkable
class Initializes(Protocol):
    """Sets weights from a first batch of data, before training."""

    def initialize(self, batch: Tensor, *, generator: Generator = None) -> None: ...


@runtime_checkable
class HasParameterGroups(Protocol):
    """Has several groups of parameters, each with its own settings of the optimizer."""

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]: ...


class Landmark(NamedTuple):
    """A value that a term of a loss takes in a known case, for comparison if the number alone means little.

    Attributes:
        value: the term's value, in its unit.
        case: when the term takes it, in words.
        unit: the term's unit.
    """

    value: float
    case: str
    unit: str = "nats"


@runtime_checkable
class HasLandmarks(Protocol):
    """Knows values with which to compare terms of its loss."""

    def landmarks(self) -> dict[str, Landmark]: ...


@runtime_checkable
class HasConfig(Protocol):
    """Has its constructor's arguments in ``config``, like :class:`~dgm_helpers.models.configured.Configured`."""

    config: dict[str, Any]
