"""Figures in one style: most functions take ``ax`` and return the object that they drew.

The colors are those of :mod:`dgm_helpers.style`.
"""

import html
import io
import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Ellipse
from torch import Tensor

from dgm_helpers.data.pixels import intensities

# Notebooks use all of these from here, as in plots.BLUE.
from dgm_helpers.style import (  # noqa: F401
    BLACK,
    BLUE,
    EXACT,
    GREEN,
    ORANGE,
    PALETTE,
    PURPLE,
    RED,
    SKY,
    STYLE,
    YELLOW,
    use_style,
)

Numbers = Tensor | np.ndarray | Sequence[float | Tensor]


def to_png(figure: Figure) -> bytes:
    """Render a figure to the bytes of a PNG file, the same on every run of one matplotlib."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def show(figure: Figure, alt: str) -> None:
    """Display a figure with a description under it, and close it.

    The description is also in the image's metadata, but JupyterLab does not use these: only the caption
    reaches readers who cannot see the figure.

    Args:
        figure: the figure to show.
        alt: one sentence that says what the figure shows.

    Raises:
        ValueError: if the description is empty.
    """
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt must say in one sentence what the figure shows, got an empty text")
    data = {"image/png": to_png(figure), "text/plain": f"<figure: {alt}>"}
    plt.close(figure)
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
    display({"text/html": caption(alt), "text/plain": alt}, raw=True)


def caption(description: str) -> str:
    """Return a figure's description as HTML, in the form that all captions have."""
    return f"<small><i>{html.escape(description, quote=False)}</i></small>"


def curves(
    ax: Axes,
    x: Numbers,
    series: Mapping[str, Numbers],
    *,
    errors: Mapping[str, Numbers] | None = None,
    exact: Mapping[str, Numbers] | None = None,
    markers: bool = True,
    xlabel: str = "",
    ylabel: str = "",
) -> Axes:
    """Draw named curves over ``x``, with standard errors as bars, and exact values as dashed black lines."""
    for name, values in series.items():
        error = None if errors is None or name not in errors else _array(errors[name])
        ax.errorbar(_array(x), _array(values), yerr=error, marker="o" if markers else None,
                    markersize=4, capsize=2, label=name)  # fmt: skip
    for name, values in (exact or {}).items():
        ax.plot(_array(x), _array(values), label=name, **EXACT)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def histogram(
    ax: Axes,
    samples: Mapping[str, Tensor],
    *,
    exact: float | None = None,
    bins: int = 60,
    span: tuple[float, float] | None = None,
    xlabel: str = "",
) -> Axes:
    """Draw overlaid densities of samples on common bins, with an exact value as a dashed line.

    Samples beyond ``span`` are counted in the outermost bins, so that no mass is hidden.
    """
    everything = np.concatenate([_array(values).ravel() for values in samples.values()])
    low, high = span or (float(everything.min()), float(everything.max()))
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    for name, values in samples.items():
        inside = np.clip(_array(values).ravel(), edges[0], edges[-1])
        ax.hist(inside, edges, density=True, alpha=0.6, label=name)
    if exact is not None:
        ax.axvline(exact, label="exact", **EXACT)
    ax.set(xlabel=xlabel, ylabel="density")
    ax.legend()
    return ax


def image_grid(ax: Axes, images: Tensor, *, columns: int | None = None, title: str = "") -> AxesImage:
    """Draw gray images ``[N, H, W]`` or ``[N, 1, H, W]``, or red, green and blue ``[N, 3, H, W]``, row by row.

    Values are in [0, 1], or bytes; values outside are clamped. No axes are drawn.

    Raises:
        ValueError: if there is no image, or the shape is not one of these.
    """
    pictures = intensities(images.detach().cpu())
    if pictures.ndim == 4 and pictures.shape[1] in (1, 3):
        pictures = pictures.movedim(1, -1)
        pictures = pictures[..., 0] if pictures.shape[-1] == 1 else pictures
    elif pictures.ndim != 3:
        pictures = pictures[:0]
    if len(pictures) == 0:
        raise ValueError(
            f"images must have shape [N, H, W], [N, 1, H, W] or [N, 3, H, W] with N > 0, got {tuple(images.shape)}"
        )
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    height, width, *colors = pictures.shape[1:]
    canvas = torch.ones(rows * (height + 1) - 1, columns * (width + 1) - 1, *colors)
    for i, image in enumerate(pictures):
        top, left = (i // columns) * (height + 1), (i % columns) * (width + 1)
        canvas[top : top + height, left : left + width] = image
    ax.set_axis_off()
    ax.set_title(title)
    return ax.imshow(canvas.clamp(0, 1).numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def image_page(images: Tensor, *, columns: int = 10) -> Figure:
    """Draw :func:`image_grid` in a new figure that is as high as its rows need, for a file.

    Raises:
        ValueError: see :func:`image_grid`.
    """
    rows, (height, width) = math.ceil(len(images) / columns), images.shape[-2:]
    figure = Figure(figsize=(8, 8 * rows * height / (columns * width) + 0.1), layout="constrained")
    image_grid(figure.add_subplot(), images, columns=columns)
    return figure


def receptive_field(
    ax: Axes, influence: Tensor, row: int, column: int, *, field: Tensor | None = None, title: str = ""
) -> AxesImage:
    """Draw the pixels that one output sees in blue, darker if stronger (logarithmic scale), and its own place in black.

    Args:
        ax: the axes to draw on.
        influence: change of the output with each pixel, shape ``[H, W]``; zero where the output does not see the pixel.
        row: the output's row.
        column: the output's column.
        field: True where the output should see the pixel, shape ``[H, W]``. Pixels of it that are not seen are then
            orange, and pixels outside of it that are seen are red.
        title: the figure's title.
    """
    strength = influence.detach().cpu().abs().double()
    seen = strength > 0
    logs = strength.log().where(seen, torch.inf)
    weakest, strongest = float(logs.min()), float(strength.max().clamp_min(1e-300).log())
    depth = ((logs - weakest) / max(strongest - weakest, 1e-9)).where(seen, 0.0)[..., None]
    pale, dark, canvas = (torch.tensor(to_rgb(color)).double() for color in ("#bcd9ec", BLUE, "#f2f2f2"))
    canvas = canvas.expand(*strength.shape, 3).where(~seen[..., None], pale + depth * (dark - pale))
    if field is not None:
        canvas[field & ~seen] = torch.tensor(to_rgb(ORANGE)).double()
        canvas[seen & ~field] = torch.tensor(to_rgb(RED)).double()
    canvas[row, column] = 0.0
    ax.set(title=title, xticks=[], yticks=[])
    ax.grid(False)
    return ax.imshow(canvas.numpy(), interpolation="nearest")


def gaussian_ellipse(ax: Axes, mean: Tensor, covariance: Tensor, **style: object) -> Ellipse:
    """Draw the two-standard-deviation ellipse of a Gaussian in the plane (it contains 86.5% of the mass)."""
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance.double())
    angle = math.degrees(math.atan2(float(eigenvectors[1, 1]), float(eigenvectors[0, 1])))
    minor, major = (4 * eigenvalues.clamp_min(0).sqrt()).tolist()
    ellipse = Ellipse(tuple(mean.tolist()), major, minor, angle=angle, fill=False, **style)
    ax.add_patch(ellipse)
    return ellipse


def bars(
    ax: Axes,
    values: Mapping[str, float | Tensor],
    *,
    exact: Mapping[str, float | Tensor] | None = None,
    ylabel: str = "",
) -> Axes:
    """Draw named values as bars, with the exact value of each as a dashed black mark."""
    names = list(values)
    ax.bar(names, [float(values[name]) for name in names], color=PALETTE[: len(names)], width=0.6)
    label = "exact"
    for position, name in enumerate(names):
        if exact and name in exact:
            ax.hlines(float(exact[name]), position - 0.4, position + 0.4, label=label, **EXACT)
            label = None  # one entry in the legend for all of them
    if exact:
        ax.legend()
    ax.set_ylabel(ylabel)
    return ax


def _array(values: Numbers) -> np.ndarray:
    """Return numbers as a numpy array for matplotlib, without graph and on the CPU."""
    return torch.as_tensor(values).detach().cpu().numpy()
