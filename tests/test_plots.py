"""Pictures: what each function draws and returns, read back from matplotlib's own objects."""

import itertools
import struct

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_rgb

from dgm_helpers import plots


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.fixture
def graph():
    """Numbers that still hang on a graph, as a student may hand them over."""
    return torch.tensor([1.0, 3.0, 2.0], requires_grad=True)


def test_curves_with_errors_and_exact_values(ax, graph):
    exact = {"exact": np.array([1.0, 2.0, 3.0])}
    drawn = plots.curves(ax, [1, 10, 100], {"estimate": graph}, errors={"estimate": [0.1, 0.2, 0.3]},
                         exact=exact, xlabel="samples", ylabel="nats")  # fmt: skip
    assert drawn is ax and sorted(labels(ax)) == ["estimate", "exact"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("samples", "nats")
    (container,) = ax.containers
    assert container[0].get_xdata().tolist() == [1, 10, 100]
    assert container[0].get_ydata().tolist() == [1.0, 3.0, 2.0]
    bars = np.array(container[2][0].get_segments())[:, :, 1]
    np.testing.assert_allclose(bars[:, 1] - bars[:, 0], [0.2, 0.4, 0.6], rtol=1e-6)
    dashed = next(line for line in ax.lines if line.get_label() == "exact")
    assert dashed.get_linestyle() == "--" and dashed.get_ydata().tolist() == [1.0, 2.0, 3.0]


def test_curves_without_markers_or_errors(ax):
    plots.curves(ax, torch.arange(3), {"a": range(3), "b": [torch.tensor(1.0)] * 3}, markers=False)
    assert all(line.get_marker() == "None" for line in ax.lines) and labels(ax) == ["a", "b"]


def test_histogram_is_a_density_on_common_bins(ax, generator):
    samples = {"a": torch.randn(500, generator=generator), "b": torch.randn(300, generator=generator) + 2}
    assert plots.histogram(ax, samples, exact=0.5, bins=20, xlabel="gradient") is ax
    for container in ax.containers:
        area = sum(patch.get_height() * patch.get_width() for patch in container)
        assert area == pytest.approx(1)
    edges = [[patch.get_x() for patch in container] for container in ax.containers]
    assert edges[0] == edges[1] and len(edges[0]) == 20
    assert ax.lines[0].get_xdata() == [0.5, 0.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("gradient", "density")


def test_histogram_hides_no_mass_beyond_its_span(ax, graph):
    plots.histogram(ax, {"a": 10 * graph}, bins=2, span=(0.0, 20.0))
    heights = [patch.get_height() for patch in ax.containers[0]]
    assert heights == pytest.approx([0.0, 0.1])  # 10 and 20 and the 30 that lies beyond, none of them lost


def test_histogram_of_one_value(ax):
    plots.histogram(ax, {"a": torch.ones(5)})
    assert sum(patch.get_height() > 0 for patch in ax.containers[0]) == 1


@pytest.mark.parametrize("channel", [True, False])
def test_image_grid_puts_images_row_by_row(ax, channel):
    images = torch.stack([torch.full((2, 3), value) for value in (0.1, 0.2, 0.3, 0.4, 0.5)])
    drawn = plots.image_grid(ax, images[:, None] if channel else images, columns=3, title="samples")
    canvas = np.asarray(drawn.get_array())
    assert canvas.shape == (2 * 3 - 1, 3 * 4 - 1)
    np.testing.assert_allclose(canvas[0, [0, 4, 8]], [0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(canvas[3, [0, 4]], [0.4, 0.5], rtol=1e-6)
    assert (canvas[2] == 1).all() and (canvas[:, 3] == 1).all() and (canvas[3:, 8:] == 1).all()
    assert ax.get_title() == "samples" and not ax.axison
    assert drawn.get_clim() == (0, 1) and drawn.get_cmap().name == "gray"


def test_image_grid_draws_bytes_as_the_intensities_that_they_are(ax):
    images = torch.arange(0, 250, 10, dtype=torch.uint8).view(1, 5, 5)
    drawn = plots.image_grid(ax, images).get_array().data
    assert drawn == pytest.approx(images[0].numpy() / 255, abs=1e-6)


def test_image_grid_takes_images_from_a_graph_and_makes_a_square(ax):
    drawn = plots.image_grid(ax, torch.rand(7, 4, 4, dtype=torch.float64, requires_grad=True))
    assert np.asarray(drawn.get_array()).shape == (3 * 5 - 1, 3 * 5 - 1)


def test_image_grid_draws_red_green_and_blue_planes_in_color(ax):
    images = torch.zeros(3, 3, 2, 4)
    for i, level in enumerate((0.25, 0.5, 1.5)):  # a sample may lie beyond 1
        images[i, i] = level
    canvas = np.asarray(plots.image_grid(ax, images, columns=2).get_array())
    assert canvas.shape == (2 * 3 - 1, 2 * 5 - 1, 3)
    np.testing.assert_array_equal(canvas[1, 3], [0.25, 0, 0])
    np.testing.assert_array_equal(canvas[0, 5], [0, 0.5, 0])
    np.testing.assert_array_equal(canvas[4, 0], [0, 0, 1])
    assert (canvas[2] == 1).all() and (canvas[:, 4] == 1).all() and (canvas[3:, 5:] == 1).all()


@pytest.mark.parametrize(
    "shape", [(0, 4, 4), (0, 3, 4, 4), (4, 4), (2, 2, 4, 4), (2, 4, 4, 3), (2, 16), (1, 1, 1, 4, 4)], ids=str
)
def test_image_grid_refuses_other_shapes(ax, shape):
    with pytest.raises(ValueError, match=r"images must have shape \[N, H, W\], \[N, 1, H, W\] or") as error:
        plots.image_grid(ax, torch.zeros(shape))
    assert str(shape) in str(error.value)


def test_a_page_of_images_is_as_high_as_its_rows():
    page = plots.image_page(torch.rand(25, 3, 8, 4))
    (ax,) = page.axes
    assert np.asarray(ax.images[0].get_array()).shape == (3 * 9 - 1, 10 * 5 - 1, 3)
    width, height = page.get_size_inches()
    assert height - 0.1 == pytest.approx(width * 3 / 10 * 2)  # three rows of ten, each twice as high as wide


@pytest.mark.parametrize("angle", [0.0, 0.4, 2.0])
def test_gaussian_ellipse_is_where_the_distance_is_two(ax, angle):
    rotation = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    covariance = rotation @ torch.diag(torch.tensor([4.0, 0.25]).double()) @ rotation.T
    mean = torch.tensor([1.0, -2.0]).double()
    ellipse = plots.gaussian_ellipse(ax, mean, covariance, color=plots.RED)
    assert ellipse in ax.patches and not ellipse.get_fill()
    outline = torch.from_numpy(ellipse.get_transform().transform(ellipse.get_path().vertices))
    outline = torch.from_numpy(ax.transData.inverted().transform(outline.numpy()))[:-1] - mean
    distance = (outline @ torch.linalg.inv(covariance) * outline).sum(dim=1).sqrt()
    # The path is Bezier curves: its corner points lie on the ellipse, the control points outside.
    assert torch.allclose(distance[::3], torch.full_like(distance[::3], 2.0), atol=1e-6)


def test_bars_with_exact_marks(ax):
    values = {"average KL": torch.tensor(3.0), "marginal KL": 1.0, "information": 2.0}
    drawn = plots.bars(ax, values, exact={"marginal KL": 1.1, "information": 1.9}, ylabel="nats")
    assert drawn is ax and [bar.get_height() for bar in ax.patches] == [3.0, 1.0, 2.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == list(values)
    marks = [collection.get_segments()[0] for collection in ax.collections]
    assert [mark[0][1] for mark in marks] == [1.1, 1.9]
    assert [round(float(mark.mean(axis=0)[0])) for mark in marks] == [1, 2]
    assert labels(ax) == ["exact"] and ax.get_ylabel() == "nats"


def test_bars_without_exact_values_have_no_legend(ax):
    plots.bars(ax, {"a": 1.0})
    assert ax.get_legend() is None


def test_show_displays_a_png_with_its_description_and_closes_it():
    figure, ax = plt.subplots()
    ax.plot([0, 1])
    InteractiveShell.instance()  # outside a notebook nothing is displayed that could be captured
    with capture_output() as captured:
        plots.show(figure, "A line that rises, y < 2.")
    output, caption = captured.outputs
    assert caption.data == {
        "text/html": "<small><i>A line that rises, y &lt; 2.</i></small>",
        "text/plain": "A line that rises, y < 2.",
    }
    assert output.data["image/png"].startswith(b"\x89PNG") and set(output.data) == {"image/png", "text/plain"}
    assert output.data["text/plain"] == "<figure: A line that rises, y < 2.>"
    assert output.metadata == {"image/png": {"alt": "A line that rises, y < 2."}}
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_show_refuses_a_picture_without_description(alt):
    figure, _ = plt.subplots()
    with capture_output() as captured, pytest.raises(ValueError, match="alt must say in one sentence what"):
        plots.show(figure, alt)
    assert not captured.outputs
    plt.close(figure)


def test_a_receptive_field_shows_what_is_seen_what_is_missed_and_what_must_not_be(ax, graph):
    influence = torch.zeros(2, 3)
    influence[0] = graph * torch.tensor([0.0, 1.0, 100.0])  # still on a graph
    influence[1, 2] = -1.0
    field = torch.tensor([[True, True, True], [False, False, False]])
    image = plots.receptive_field(ax, influence, 1, 0, field=field, title="field")
    pixels = np.asarray(image.get_array())
    assert image.axes is ax and ax.get_title() == "field" and pixels.shape == (2, 3, 3)
    np.testing.assert_allclose(pixels[0, 0], to_rgb(plots.ORANGE))  # in the field, not seen
    np.testing.assert_allclose(pixels[0, 2], to_rgb(plots.BLUE))  # the strongest
    assert pixels[0, 1, 0] > pixels[0, 2, 0]  # weaker, paler
    np.testing.assert_allclose(pixels[1, 2], to_rgb(plots.RED))  # seen, outside of the field
    assert (pixels[1, 0] == 0).all()  # the output's own place


def test_a_receptive_field_of_nothing_is_empty(ax):
    pixels = np.asarray(plots.receptive_field(ax, torch.zeros(2, 2), 0, 0).get_array())
    assert (pixels[0, 0] == 0).all() and len({tuple(color) for color in pixels.reshape(4, 3)[1:]}) == 1


def test_a_figure_is_the_same_png_each_time(ax):
    ax.plot([0, 1], [1, 3])
    first = plots.to_png(ax.figure)
    assert first == plots.to_png(ax.figure)
    width, height = struct.unpack(">II", first[16:24])
    assert width > 100 and height > 100


def linear(color):
    """Linear light of an sRGB color."""
    channels = np.array(to_rgb(color))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


# Viénot, Brettel and Mollon (1999): what a dichromat sees, in linear light.
VISION = {
    "normal": np.eye(3),
    "protan": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deutan": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


@pytest.mark.parametrize("vision", VISION)
def test_the_palette_can_be_told_apart_with_every_kind_of_vision(vision):
    seen = [np.cbrt(np.clip(VISION[vision] @ linear(color), 0, 1)) for color in plots.PALETTE]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 0.1
    assert len(plots.PALETTE) == 8


def test_the_style_is_applied_to_new_figures():
    with plt.rc_context():
        plots.use_style()
        figure, ax = plt.subplots()
        assert not ax.spines["top"].get_visible()
        assert [ax.plot([0, 1])[0].get_color() for _ in range(2)] == [plots.BLUE, plots.ORANGE]
        plt.close(figure)
