r"""Sprites rendered from known factors: shape, scale, orientation and position, gray or colored.

The factors and their numbers of values are those of dSprites (L. Matthey, I. Higgins, D. Hassabis and A. Lerchner,
2017, https://github.com/google-deepmind/dsprites-dataset): 3 shapes, 6 scales, 40 orientations, 32×32 positions. The
images are drawn here and are not those of dSprites. The inside of a sprite is the set of points (u, v), in coordinates
that are turned and scaled with the sprite, where this function is below 0:

.. math:: \max(|u|, |v|) - a, \qquad u^2/b^2 + v^2/c^2 - 1, \qquad (u^2+v^2-1)^3 - u^2 v^3

for the square, the ellipse and the heart; the heart has its own unit of length. The three have equal area. Orientations
are 0, 1/40, …, 39/40 of a turn; a square looks the same after 10 of these steps, an ellipse after 20.
"""

import colorsys
import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.data.factors import Factors, spread

SHAPES = ("square", "ellipse", "heart")
SCALES = (0.5, 1.0)
HALF = 0.16  # half a square's side at scale 1, in units of the image's side
ELLIPSE = (HALF * math.sqrt(8 / math.pi), HALF * math.sqrt(2 / math.pi))  # half axes, 2 : 1
# In its own units, by quadrature: the curve encloses the area 3.6620, and its bounding circle has center (0, 0.251).
HEART, HEART_CENTER = HALF * math.sqrt(4 / 3.6620), 0.251
REACH = ELLIPSE[0]  # no sprite reaches further from its position, so none is cut off
SAMPLES = 4  # points per side of a pixel if edges are smooth
CHUNK = 1 << 18  # points at a time, so that the intermediate results fit the processor's cache


class Sprites:
    """Renderer of sprites with the factors shape, scale, orientation, x and y, as in dSprites.

    Args:
        size: height and width of an image, in pixels.
        antialias: smooth edges, from 4×4 points per pixel; otherwise pixels are 0 or 1, as in dSprites.
        colors: number of hues; if it is not 0, color is the first factor and images have three channels.

    Raises:
        ValueError: if ``size`` is less than 1, or ``colors`` is negative.
    """

    def __init__(self, *, size: int = 64, antialias: bool = False, colors: int = 0) -> None:
        if size < 1 or colors < 0:
            raise ValueError(f"size must be at least 1 pixel and colors at least 0, got {size} and {colors}")
        self.size, self.antialias, self.colors = size, antialias, colors
        names, sizes = ("shape", "scale", "orientation", "x", "y"), (3, 6, 40, 32, 32)
        self.factors = Factors(("color", *names), (colors, *sizes)) if colors else Factors(names, sizes)

    def render(self, values: Int[Tensor, "n factors"]) -> Float[Tensor, "n channels size size"]:
        """Draw one image in [0, 1] for each row of values. x grows to the right and y downwards.

        Raises:
            ValueError: if a row does not have one value of each factor.
        """
        self.factors.check(values)
        shape, scale, orientation, x, y = values[:, -5:].unbind(1)
        pictures = render_sprites(
            shape, spread(scale, 6, *SCALES), orientation * (2 * math.pi / 40),
            spread(x, 32, REACH, 1 - REACH), spread(y, 32, REACH, 1 - REACH),
            size=self.size, antialias=self.antialias,
        )  # fmt: skip
        if not self.colors:
            return pictures
        palette = [colorsys.hsv_to_rgb(hue / self.colors, 0.9, 1.0) for hue in range(self.colors)]
        return pictures * torch.tensor(palette, device=values.device)[values[:, 0], :, None, None]


def render_sprites(
    shape: Int[Tensor, " n"],
    scale: Float[Tensor, " n"],
    orientation: Float[Tensor, " n"],
    x: Float[Tensor, " n"],
    y: Float[Tensor, " n"],
    *,
    size: int = 64,
    antialias: bool = False,
) -> Float[Tensor, "n 1 {size} {size}"]:
    """Draw white sprites on black, at any settings.

    Args:
        shape: 0 for a square, 1 for an ellipse, 2 for a heart.
        scale: factor on the sprite's size.
        orientation: angle in radians, counterclockwise.
        x: position in units of the image's side, from the left.
        y: position in units of the image's side, from the top.
        size: height and width of the image, in pixels.
        antialias: whether a pixel is the fraction of its 4×4 points inside the sprite, instead of only its center.
    """
    points = size * SAMPLES if antialias else size
    settings = torch.stack([scale, orientation, x, y], dim=1)
    pictures = settings.new_empty(len(shape), 1, size, size)
    for number, inside in enumerate((_square, _ellipse, _heart)):
        for rows in (shape == number).nonzero()[:, 0].split(max(1, CHUNK // points**2)):
            drawn = inside(*_own_coordinates(settings[rows], points)).to(pictures)[:, None]
            pictures[rows] = F.avg_pool2d(drawn, SAMPLES) if antialias else drawn
    return pictures


def _own_coordinates(settings: Tensor, points: int) -> tuple[Tensor, Tensor]:
    """Return each point of the image in the sprite's own coordinates: turned, at scale 1, v upwards."""
    scale, orientation, x, y = (setting[:, None, None] for setting in settings.unbind(1))
    steps = (torch.arange(points).to(settings) + 0.5) / points
    right, up = (steps - x) / scale, (y - steps[:, None]) / scale
    cos, sin = orientation.cos(), orientation.sin()
    # The products are taken of rows and columns separately, so that each point costs only one addition.
    return cos * right + sin * up, cos * up - sin * right


def _square(u: Tensor, v: Tensor) -> Tensor:
    return torch.maximum(u.abs(), v.abs()) < HALF


def _ellipse(u: Tensor, v: Tensor) -> Tensor:
    return (u / ELLIPSE[0]).square_() + (v / ELLIPSE[1]).square_() < 1


def _heart(u: Tensor, v: Tensor) -> Tensor:
    u2, v = (u / HEART).square_(), v / HEART + HEART_CENTER
    v2 = v * v
    outside = u2 + v2 - 1
    return outside * outside * outside < u2 * v2 * v
