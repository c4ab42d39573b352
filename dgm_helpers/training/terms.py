"""The terms of a loss for a person to read: which of them mean something, in which unit, and beside which value."""

from torch import nn

from dgm_helpers.models.protocol import HasLandmarks

# Every other term that a model's `loss` returns is an average in nats.
UNITS = {"bits_per_dim": "bits per dimension", "accuracy": "of 1", "historical": ""}


def meaningful(terms: dict[str, float]) -> dict[str, float]:
    """Without the loss where it is the sum of what two players minimise, whose value means nothing."""
    return {name: value for name, value in terms.items() if name != "loss" or "discriminator" not in terms}


def listed(terms: dict[str, float], digits: int = 5) -> str:
    """Names and values in one line."""
    return ", ".join(f"{name} {value:.{digits}g}" for name, value in terms.items())


def headline(terms: dict[str, float]) -> str:
    """The loss in a few words, or the first two terms of what two players minimise."""
    shown = meaningful(terms)
    return listed({name: shown[name] for name in ([*shown][:1] if "loss" in shown else [*shown][:2])}, 4)


def explained(model: nn.Module, terms: dict[str, float]) -> str:
    """The terms that mean something, one a line, with unit and :class:`~dgm_helpers.models.protocol.Landmark`."""
    shown, landmarks = meaningful(terms), model.landmarks() if isinstance(model, HasLandmarks) else {}
    width, lines = max(map(len, shown)), []
    for name, value in shown.items():
        landmark = landmarks.get(name)
        unit = UNITS.get(name, "nats") if landmark is None else landmark.unit
        beside = "" if landmark is None else f" ({landmark.value:.5g} {landmark.case})"
        lines.append(f"  {name:<{width}}  {value:10.5g} {unit}".rstrip() + beside)
    return "\n".join(lines)
