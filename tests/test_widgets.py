"""The explorer: by hand, from code, and without a front end."""

import base64

import ipywidgets
import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell

from dgm_helpers import widgets


class Drawing:
    """A function that draws, and remembers each call."""

    def __init__(self):
        self.calls, self.fail = [], None

    def __call__(self, n, width):
        self.calls.append((n, width))
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.plot([0, n], [0, width])
        if self.fail:
            raise self.fail
        return figure, {"product": n * width}


@pytest.fixture
def draw():
    return Drawing()


@pytest.fixture
def explorer(draw):
    controls = {"n": widgets.slider(1, 10, 2, label="samples"), "width": widgets.slider(0.5, 2.0, 1.0)}
    return widgets.Explorer(draw, alt="A line from the origin.", **controls)


def test_it_draws_once_when_made(explorer, draw):
    assert draw.calls == [(2, 1.0)]
    assert explorer.result == {"product": 2.0} and explorer.error is None
    assert explorer.values == {"n": 2, "width": 1.0}
    assert bytes(explorer.picture.value).startswith(b"\x89PNG") and explorer.message.value == ""


def test_set_moves_all_controls_and_draws_once(explorer, draw):
    picture = explorer.picture.value
    assert explorer.set(n=5, width=2.0) == {"product": 10.0} == explorer.result
    assert draw.calls[1:] == [(5, 2.0)]
    assert explorer.controls["n"].value == 5 and explorer.picture.value != picture


def test_a_hand_on_a_control_draws_once(explorer, draw):
    explorer.controls["n"].value = 7
    assert draw.calls[1:] == [(7, 1.0)] and explorer.result == {"product": 7.0}
    explorer.controls["n"].value = 7  # not moved
    assert len(draw.calls) == 2


def test_a_hand_draws_again_after_set(explorer, draw):
    explorer.set(n=3)
    explorer.controls["width"].value = 2.0
    assert draw.calls[1:] == [(3, 1.0), (3, 2.0)]


def test_an_unknown_control_is_told_and_moves_nothing(explorer, draw):
    with pytest.raises(ValueError, match=r"^control must be one of n, width; got m$"):
        explorer.set(n=9, m=3)
    assert explorer.values["n"] == 2 and len(draw.calls) == 1


def test_a_value_of_another_kind_is_refused_and_the_widget_still_works(explorer, draw):
    with pytest.raises(Exception, match="value"):
        explorer.set(n="many")
    explorer.controls["n"].value = 4
    assert draw.calls[-1] == (4, 1.0)


def test_an_exception_is_shown_in_words_escaped_and_kept(explorer, draw):
    good = explorer.picture.value
    draw.fail = ValueError("<script>alert('n & m')</script>")
    explorer.controls["n"].value = 3
    assert explorer.error is draw.fail
    assert "raised ValueError: &lt;script&gt;alert(&#x27;n &amp; m&#x27;)" in explorer.message.value
    assert "<script>" not in explorer.message.value
    assert explorer.picture.value == good and explorer.result == {"product": 2.0}


def test_an_exception_is_raised_from_set(explorer, draw):
    draw.fail = NotImplementedError()
    with pytest.raises(NotImplementedError):
        explorer.set(n=3)
    assert "raised NotImplementedError</b>" in explorer.message.value


def test_an_explorer_of_an_unfinished_function_can_be_made(draw):
    draw.fail = NotImplementedError()
    explorer = widgets.Explorer(
        draw, alt="Nothing yet.", n=widgets.slider(1, 3, 1), width=widgets.slider(1, 3, 1)
    )
    assert explorer.error is draw.fail and explorer.picture.value == b"" and explorer.result == {}


def test_after_an_exception_the_next_good_drawing_clears_it(explorer, draw):
    draw.fail = ValueError("no")
    explorer.controls["n"].value = 3
    draw.fail = None
    assert explorer.set(n=4) == {"product": 4.0}
    assert explorer.error is None and explorer.message.value == ""


def test_what_draw_returns_has_to_be_a_figure_and_numbers():
    explorer = widgets.Explorer(lambda n: None, alt="Nothing.", n=widgets.slider(1, 3, 1))
    assert isinstance(explorer.error, TypeError)


@pytest.mark.parametrize("fails", [False, True])
def test_no_figure_is_left_open(explorer, draw, fails):
    mine = plt.figure()
    draw.fail = ValueError("half drawn") if fails else None
    explorer.controls["n"].value = 8
    assert plt.get_fignums() == [mine.number]
    plt.close(mine)


def test_without_a_front_end_there_is_a_picture_with_its_description(explorer):
    data, metadata = InteractiveShell.instance().display_formatter.format(explorer)
    assert base64.b64decode(data["image/png"]) == explorer.picture.value
    assert data["text/plain"] == "<interactive figure: A line from the origin.>"
    assert "application/vnd.jupyter.widget-view+json" in data
    assert metadata["image/png"] == {"alt": "A line from the origin."}


def test_the_picture_stands_under_the_controls_and_the_message(explorer):
    *above, caption = explorer.children
    assert above == [*explorer.controls.values(), explorer.message, explorer.picture]
    assert explorer.alt in caption.value
    assert explorer.controls["n"].description == "samples"
    assert explorer.controls["width"].description == "width"
    assert not explorer.controls["n"].continuous_update


def test_a_slider_can_be_played(draw):
    controls = {"n": widgets.slider(1, 9, 2, step=2), "width": widgets.slider(0.5, 2.0, 1.0)}
    explorer = widgets.Explorer(draw, alt="A line.", play="n", **controls)
    player = explorer.children[0]
    assert isinstance(player, ipywidgets.Play)
    assert (player.min, player.max, player.step, player.value) == (1, 9, 2, 2)
    assert explorer.children[1:3] == (controls["n"], controls["width"])
    assert explorer.set(n=5) == {"product": 5.0}


def test_any_control_with_a_value_will_do(draw):
    seen = []

    def choose(kind, on):
        seen.append((kind, on))
        return plt.figure(), {}

    explorer = widgets.Explorer(
        choose, alt="A choice.", kind=ipywidgets.Dropdown(options=["a", "b"]), on=ipywidgets.Checkbox()
    )
    explorer.set(kind="b", on=True)
    assert seen == [("a", False), ("b", True)]


@pytest.mark.parametrize(
    ("arguments", "step", "kind", "expected"),
    [
        ((1, 10, 2), None, ipywidgets.IntSlider, 1),
        ((0, 100, 50), 10, ipywidgets.IntSlider, 10),
        ((0.0, 10, 2), None, ipywidgets.FloatSlider, 0.2),
        ((0, 1, 0.5), None, ipywidgets.FloatSlider, 0.02),
        ((0, 1, 0), 0.1, ipywidgets.FloatSlider, 0.1),
    ],
)
def test_a_slider_is_whole_only_if_all_its_numbers_are(arguments, step, kind, expected):
    slider = widgets.slider(*arguments, step=step, label="n")
    assert type(slider) is kind and slider.step == pytest.approx(expected) and slider.description == "n"
    assert (slider.min, slider.max, slider.value) == arguments
