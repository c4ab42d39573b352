"""The interactive figures: a pure function that draws, with a thin interface on top.

An :class:`Explorer` works in three ways: by hand, if a front end shows its controls; from code, through
:meth:`Explorer.set`, with which tests find a broken callback; and without a front end, as a static figure
of its current state.
"""

import base64
import html
from collections.abc import Callable, Mapping

import ipywidgets
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from dgm_helpers import plots

Drawing = tuple[Figure, Mapping[str, float]]


class Explorer(ipywidgets.VBox):
    """Controls above a figure: whenever a control changes, ``draw`` is called and the figure is replaced.

    Args:
        draw: function of the controls' values by name; returns a figure and the numbers that it shows, by name.
        alt: one sentence that describes the figure.
        play: name of a slider that a play button moves step by step; empty for no button.
        controls: ipywidgets with a ``value``, by the name of ``draw``'s argument.

    Attributes:
        result: the numbers of the last drawing.
        error: the last exception that ``draw`` raised, or ``None``. A message shows it between the controls and the
            last good figure, so a half-written function breaks nothing.
    """

    def __init__(
        self, draw: Callable[..., Drawing], *, alt: str, play: str = "", **controls: ipywidgets.ValueWidget
    ) -> None:
        self.draw, self.alt, self.controls = draw, alt, controls
        self.result: Mapping[str, float] = {}
        self.error: Exception | None = None
        self._silent = False
        self.picture = ipywidgets.Image(
            format="png", layout={"max_width": "100%", "align_self": "flex-start"}
        )
        self.message = ipywidgets.HTML()
        for name, control in controls.items():
            control.description = control.description or name
            control.style.description_width = "130px"
            control.layout.width = "460px"
            if hasattr(control, "continuous_update"):
                control.continuous_update = False  # one drawing when the slider rests, not one per pixel
            control.observe(self._changed, names="value")
        described = ipywidgets.HTML(plots.caption(alt))
        players = [_player(controls[play])] if play else []
        super().__init__([*players, *controls.values(), self.message, self.picture, described])
        self.redraw()

    @property
    def values(self) -> dict[str, object]:
        """The current value of every control."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: object) -> Mapping[str, float]:
        """Move controls from code, redraw, and return the numbers of the new drawing.

        Raises:
            ValueError: if no control has that name.
            Exception: the exception that ``draw`` raised, so that a test sees it.
        """
        unknown = values.keys() - self.controls.keys()
        if unknown:
            raise ValueError(
                f"control must be one of {', '.join(self.controls)}; got {', '.join(sorted(unknown))}"
            )
        self._silent = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self._silent = False
        self.redraw()
        if self.error is not None:
            raise self.error
        return self.result

    def redraw(self) -> None:
        """Draw for the current values; an exception becomes a sentence under the controls."""
        open_before = set(plt.get_fignums())
        try:
            figure, result = self.draw(**self.values)
            self.picture.value = plots.to_png(figure)
            self.result, self.error, self.message.value = result, None, ""
        except Exception as error:  # a student's unfinished function: shown, and kept in `error`
            self.error = error
            reason = f"{type(error).__name__}: {str(error)[:500]}" if str(error) else type(error).__name__
            sentence = f"The function that draws this figure raised {html.escape(reason)}"
            self.message.value = f"<b style='color:{plots.RED}'>{sentence}</b>"
        finally:
            # Including a half-drawn one: the notebook would show open figures under the next cell that runs.
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)

    def _changed(self, _change: object) -> None:
        if not self._silent:
            self.redraw()

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict[str, object], dict[str, object]]:
        """Return the widget for a front end that can show it, and a described image for one that cannot."""
        bundle = dict(super()._repr_mimebundle_(**kwargs))
        if self.picture.value:
            bundle["image/png"] = base64.b64encode(self.picture.value).decode()
        bundle["text/plain"] = f"<interactive figure: {self.alt}>"
        return bundle, {"image/png": {"alt": self.alt}}


def _player(control: ipywidgets.ValueWidget) -> ipywidgets.Play:
    """Return a button that moves a slider in the front end, which notifies the kernel as for a move by hand."""
    player = ipywidgets.Play(
        value=control.value, min=control.min, max=control.max, step=control.step, interval=400
    )
    ipywidgets.jslink((player, "value"), (control, "value"))
    return player


def slider(
    low: float, high: float, value: float, *, step: float | None = None, label: str = ""
) -> ipywidgets.ValueWidget:
    """Return a slider for whole numbers if the bounds, the value and any step are whole numbers, else for real ones."""
    integers = all(isinstance(number, int) for number in (low, high, value, step or 1))
    kind = ipywidgets.IntSlider if integers else ipywidgets.FloatSlider
    return kind(
        value=value, min=low, max=high, step=step or (1 if integers else (high - low) / 50), description=label
    )
