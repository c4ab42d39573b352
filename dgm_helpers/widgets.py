"""The interactive pieces: a pure function that draws, with a thin interface on top.

An :class:`Explorer` works in three ways: by hand, where a front end shows its controls; from code, through
:meth:`Explorer.set`, which is how CI finds a broken callback; and without a front end, as a static picture
of its present state.
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
    """Controls above a picture: whenever a control moves, ``draw`` is called and the picture replaced.

    Args:
        draw: takes the controls' values by name; returns a figure and the numbers that it shows, by name.
        alt: one sentence that describes the picture.
        play: name of a slider that a play button moves step by step, if there is to be one.
        controls: ipywidgets with a ``value``, by the name of ``draw``'s argument.

    Attributes:
        result: the numbers of the last drawing.
        error: the last exception that ``draw`` raised, or ``None``. It is shown in words under the
            controls, with the last good picture above it, so a half-written function breaks nothing.
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
                control.continuous_update = False  # one drawing when the slider rests, not one a pixel
            control.observe(self._changed, names="value")
        described = ipywidgets.HTML(plots.caption(alt))
        players = [_player(controls[play])] if play else []
        super().__init__([*players, *controls.values(), self.message, self.picture, described])
        self.redraw()

    @property
    def values(self) -> dict[str, object]:
        """The present value of every control."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: object) -> Mapping[str, float]:
        """Move controls from code, as a hand would, and return the numbers then drawn.

        Raises:
            ValueError: if there is no control of that name.
            Exception: whatever ``draw`` raised, so that a test sees it.
        """
        unknown = values.keys() - self.controls.keys()
        if unknown:
            raise ValueError(
                f"no control named {', '.join(sorted(unknown))}; there are {', '.join(self.controls)}"
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
        """Draw for the present values; an exception becomes a sentence under the controls."""
        open_before = set(plt.get_fignums())
        try:
            figure, result = self.draw(**self.values)
            self.picture.value = plots.to_png(figure)
            self.result, self.error, self.message.value = result, None, ""
        except Exception as error:  # a student's unfinished function: told, and kept in `error`
            self.error = error
            told = f"{type(error).__name__}: {str(error)[:500]}" if str(error) else type(error).__name__
            sentence = f"The function behind this picture raised {html.escape(told)}"
            self.message.value = f"<b style='color:{plots.RED}'>{sentence}</b>"
        finally:
            # Also one half drawn: what stays open is shown by the notebook under whatever cell runs next.
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)

    def _changed(self, _change: object) -> None:
        if not self._silent:
            self.redraw()

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict[str, object], dict[str, object]]:
        """The widget for a front end that can show it, and a described picture for one that cannot."""
        bundle = dict(super()._repr_mimebundle_(**kwargs))
        if self.picture.value:
            bundle["image/png"] = base64.b64encode(self.picture.value).decode()
        bundle["text/plain"] = f"<interactive figure: {self.alt}>"
        return bundle, {"image/png": {"alt": self.alt}}


def _player(control: ipywidgets.ValueWidget) -> ipywidgets.Play:
    """A button that moves a slider; in the front end alone, which then tells the kernel as a hand would."""
    player = ipywidgets.Play(
        value=control.value, min=control.min, max=control.max, step=control.step, interval=400
    )
    ipywidgets.jslink((player, "value"), (control, "value"))
    return player


def slider(
    low: float, high: float, value: float, *, step: float | None = None, label: str = ""
) -> ipywidgets.ValueWidget:
    """A slider for whole numbers if the bounds, the value and any step are whole numbers, else for real ones."""
    whole = all(isinstance(number, int) for number in (low, high, value, step or 1))
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    return kind(
        value=value, min=low, max=high, step=step or (1 if whole else (high - low) / 50), description=label
    )
