"""The table of a training run."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from dgm_helpers import plots


class History:
    """One row of named numbers for each logged step; plots itself."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def add(self, step: int, terms: dict[str, float]) -> None:
        """Append a row."""
        self.rows.append({"step": step, **terms})

    def __getitem__(self, name: str) -> list[float]:
        """The column of one term.

        Raises:
            KeyError: if no such term was logged.
        """
        if not self.rows or name not in self.rows[0]:
            logged = ", ".join(self.rows[0]) if self.rows else "nothing"
            raise KeyError(f"no term {name!r} in this history; it has {logged}")
        return [row[name] for row in self.rows]

    def to_csv(self) -> str:
        """All rows as comma-separated values, to every digit."""
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
