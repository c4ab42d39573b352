"""The history of a training run as a table, and its terms as text: names, units, and values to compare with."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from torch import nn

from dgm_helpers import plots
from dgm_helpers.models.protocol import HasLandmarks

# Every other term that a model's `loss` returns is an average in nats.
UNITS = {"bits_per_dim": "bits per dimension", "accuracy": "of 1", "historical": ""}


class History:
    """A table with one row of named numbers per logged step; it plots itself."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def add(self, step: int, terms: dict[str, float]) -> None:
        """Append a row."""
        self.rows.append({"step": step, **terms})

    def __getitem__(self, name: str) -> list[float]:
        """Return the column of one term.

        Raises:
            KeyError: if this term was not logged.
        """
        if not self.rows or name not in self.rows[0]:
            logged = ", ".join(self.rows[0]) if self.rows else "nothing"
            raise KeyError(f"no term {name!r} in this history; it has {logged}")
        return [row[name] for row in self.rows]

    def to_csv(self) -> str:
        """Return all rows as comma-separated values, with all digits."""
        names = list(self.rows[0]) if self.rows else []
        return "".join(
            ",".join(map(str, line)) + "\n" for line in [names, *(row.values() for row in self.rows)]
        )

    def __len__(self) -> int:
        return len(self.rows)

    def plot(self, ax: Axes, terms: Sequence[str] = ("loss",), *, unit: str = "nats") -> Axes:
        """Draw terms against the step."""
        return plots.curves(ax, self["step"], {term: self[term] for term in terms}, markers=False,
                            xlabel="step", ylabel=unit)  # fmt: skip


def meaningful(terms: dict[str, float]) -> dict[str, float]:
    """Return the terms without a loss that is the sum of two players' losses: its value means nothing."""
    return {name: value for name, value in terms.items() if name != "loss" or "discriminator" not in terms}


def listed(terms: dict[str, float], digits: int = 5) -> str:
    """Return names and values in one line."""
    return ", ".join(f"{name} {value:.{digits}g}" for name, value in terms.items())


def headline(terms: dict[str, float]) -> str:
    """Return the loss in a few words, or the first two terms if there are two players."""
    shown = meaningful(terms)
    return listed({name: shown[name] for name in ([*shown][:1] if "loss" in shown else [*shown][:2])}, 4)


def explained(model: nn.Module, terms: dict[str, float]) -> str:
    """Return the meaningful terms, one per line, with unit and :class:`~dgm_helpers.models.protocol.Landmark`."""
    shown, landmarks = meaningful(terms), model.landmarks() if isinstance(model, HasLandmarks) else {}
    width, lines = max(map(len, shown)), []
    for name, value in shown.items():
        landmark = landmarks.get(name)
        unit = UNITS.get(name, "nats") if landmark is None else landmark.unit
        comparison = "" if landmark is None else f" ({landmark.value:.5g} {landmark.case})"
        lines.append(f"  {name:<{width}}  {value:10.5g} {unit}".rstrip() + comparison)
    return "\n".join(lines)
