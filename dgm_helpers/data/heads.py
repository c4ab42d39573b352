r"""Heads rendered from four factors: azimuth, elevation, lighting and width.

They replace the 3D faces of Paysan et al. (2009), which the papers of InfoGAN and the β-VAE show and which must not be
redistributed. A head is a union of ellipsoids, seen by parallel rays. In the head's own coordinates, divided by the
width, its parts are the same in every image. There a ray is :math:`o + t d`, and it meets the ellipsoid with center c
and half axes s where, with :math:`u = (o-c)/s` and :math:`v = d/s`,

.. math:: |v|^2 t^2 + 2 (u\cdot v)\, t + |u|^2 - 1 = 0.

The larger root is the visible one, and the pixel shows the part with the largest root. The light is far away, and the
skin is matte: brightness is ambient light plus :math:`\max(0, n\cdot l)` (Lambert), times the albedo.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.data.factors import Factors, spread

AZIMUTH, ELEVATION, LIGHTING = math.radians(70), math.radians(30), math.radians(80)  # each to either side
WIDTH = (0.72, 1.28)
VIEW = 1.32  # half of the image's side, in units in which the skull's height is about two
AMBIENT, DIFFUSE = 0.16, 0.9
CHUNK = 8  # images at a time, so that the intermediate results fit the processor's cache

# x to the viewer's right, y up, z towards the viewer: center, half axes, albedo. The first four make the face.
PARTS = {
    "skull": ((0.00, 0.22, -0.05), (0.76, 0.82, 0.86), 0.80),
    "jaw": ((0.00, -0.32, 0.12), (0.56, 0.72, 0.64), 0.80),
    "bridge of the nose": ((0.00, 0.00, 0.72), (0.09, 0.27, 0.17), 0.80),
    "tip of the nose": ((0.00, -0.16, 0.78), (0.14, 0.12, 0.19), 0.82),
    "left eye": ((-0.29, 0.13, 0.645), (0.150, 0.095, 0.15), 0.98),
    "right eye": ((0.29, 0.13, 0.645), (0.150, 0.095, 0.15), 0.98),
    "left ear": ((-0.75, 0.02, -0.12), (0.10, 0.25, 0.17), 0.74),
    "right ear": ((0.75, 0.02, -0.12), (0.10, 0.25, 0.17), 0.74),
    "hair": ((0.00, 0.34, -0.20), (0.82, 0.80, 0.86), 0.22),
    "neck": ((0.00, -1.15, -0.22), (0.40, 0.75, 0.40), 0.74),
}
FACE, EYES = 4, (4, 5)
BLEND = 14  # the face's parts blend where their depths differ by less than about 1 / BLEND


class Heads:
    """Renderer of gray heads with the factors azimuth, elevation, lighting and width.

    Args:
        size: height and width of an image, in pixels.
        values: number of values of each of the four factors.

    Raises:
        ValueError: if ``size`` or a number of values is less than 1.
    """

    def __init__(self, *, size: int = 32, values: tuple[int, int, int, int] = (21, 11, 11, 11)) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1 pixel, got {size}")
        self.size = size
        self.factors = Factors(("azimuth", "elevation", "lighting", "width"), values)

    def render(self, values: Int[Tensor, "n factors"]) -> Float[Tensor, "n 1 size size"]:
        """Draw one image in [0, 1] for each row of values; each factor's values are evenly spaced over its range.

        Raises:
            ValueError: if a row does not have one value of each of the four factors.
        """
        self.factors.check(values)
        ranges = ((-AZIMUTH, AZIMUTH), (-ELEVATION, ELEVATION), (-LIGHTING, LIGHTING), WIDTH)
        settings = [spread(values[:, i], size, *ranges[i]) for i, size in enumerate(self.factors.sizes)]
        return render_heads(*settings, size=self.size)


def render_heads(
    azimuth: Float[Tensor, " n"],
    elevation: Float[Tensor, " n"],
    lighting: Float[Tensor, " n"],
    width: Float[Tensor, " n"],
    *,
    size: int = 32,
) -> Float[Tensor, "n 1 {size} {size}"]:
    """Draw heads at any settings.

    Args:
        azimuth: radians by which the face turns to the viewer's right.
        elevation: radians by which the face looks up.
        lighting: radians by which the light is to the viewer's right.
        width: factor on the head's horizontal extent; its depth does not change.
        size: height and width of the image, in pixels; each pixel is the mean of 2×2 rays.
    """
    settings = torch.stack([azimuth, elevation, lighting, width], dim=1)
    pictures = [_render(*chunk.unbind(1), size=size) for chunk in settings.split(CHUNK)]
    return torch.cat(pictures) if pictures else settings.new_zeros(0, 1, size, size)


def _render(azimuth: Tensor, elevation: Tensor, lighting: Tensor, width: Tensor, *, size: int) -> Tensor:
    rotation = _rotation(azimuth, elevation)
    stretch = torch.stack([width, torch.ones_like(width), torch.ones_like(width)], dim=-1)
    axes = rotation / stretch[:, None]  # row i: the viewer's axis i in the head's own coordinates
    roots, screen = _roots(axes, 2 * size)
    depth, part = roots.max(dim=1)
    seen = depth.isfinite()
    depth = depth.where(seen, 0)
    point = axes[:, :2].mT @ screen + axes[:, 2, :, None] * depth[:, None]
    light = torch.stack([lighting.sin(), torch.full_like(lighting, 0.35), lighting.cos()], dim=-1)
    light = (F.normalize(light, dim=-1)[:, None] @ rotation)[:, 0]
    blend = torch.exp(BLEND * (roots[:, :FACE] - depth[:, None]))
    diffuse = _lambert(point, part, blend, light, stretch)
    albedo = point.new_tensor([albedo for _, _, albedo in PARTS.values()])[part] * _paint(point, part)
    picture = torch.where(seen, (AMBIENT + DIFFUSE * diffuse) * albedo, 0).clamp(0, 1)
    return F.avg_pool2d(picture.view(-1, 1, 2 * size, 2 * size), 2)


def _rotation(azimuth: Tensor, elevation: Tensor) -> Tensor:
    """Return rotations from head to viewer, [n, 3, 3]: a turn about the head's vertical axis, then a nod."""
    zero, one = torch.zeros_like(azimuth), torch.ones_like(azimuth)
    sin, cos = azimuth.sin(), azimuth.cos()
    turn = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=-1).view(-1, 3, 3)
    sin, cos = elevation.sin(), elevation.cos()
    nod = torch.stack([one, zero, zero, zero, cos, sin, zero, -sin, cos], dim=-1).view(-1, 3, 3)
    return nod @ turn


def _roots(axes: Tensor, rays: int) -> tuple[Tensor, Tensor]:
    """Return the largest root for each part and ray, [n, parts, rays²], -inf for a miss; and x and y of each ray.

    Half of the linear term and the discriminant are polynomials in x and y, so two matrix products suffice.
    """
    steps = ((torch.arange(rays).to(axes) + 0.5) / rays * 2 - 1) * VIEW
    y, x = torch.meshgrid(-steps, steps, indexing="ij")
    x, y = x.flatten(), y.flatten()
    centers, halves = (axes.new_tensor([part[i] for part in PARTS.values()]) for i in (0, 1))
    ux, uy, v = (axes[:, None, i] / halves for i in range(3))  # [n, parts, 3]; u = ux x + uy y - offset
    offset = centers / halves
    a = v.square().sum(dim=-1)
    linear = torch.stack([(ux * v).sum(-1), (uy * v).sum(-1), -(offset * v).sum(-1)], dim=-1)
    squares = [(ux * ux).sum(-1), (uy * uy).sum(-1), 2 * (ux * uy).sum(-1),
               -2 * (ux * offset).sum(-1), -2 * (uy * offset).sum(-1),
               (offset**2).sum(-1).expand_as(a) - 1]  # fmt: skip
    p, q, r = linear.unbind(-1)
    products = [p * p, q * q, 2 * p * q, 2 * p * r, 2 * q * r, r * r]
    discriminant = torch.stack(products, dim=-1) - a[..., None] * torch.stack(squares, dim=-1)
    discriminant = discriminant @ torch.stack([x * x, y * y, x * y, x, y, torch.ones_like(x)])
    b = linear @ torch.stack([x, y, torch.ones_like(x)])
    roots = (discriminant.clamp_min(0).sqrt() - b) / a[..., None]
    return roots.masked_fill(discriminant < 0, -math.inf), torch.stack([x, y])


def _lambert(point: Tensor, part: Tensor, blend: Tensor, light: Tensor, stretch: Tensor) -> Tensor:
    """Return max(0, n·l) for each ray, with n from the visible part, blended between the parts of the face."""
    centers, halves = (stretch.new_tensor([part[i] for part in PARTS.values()]).T for i in (0, 1))

    def cosine(center: Tensor, half: Tensor) -> Tensor:
        # The gradient of the ellipsoid's equation, in unstretched coordinates.
        normal = (point - center) / (half**2 * stretch[..., None])
        return (light[:, None] @ normal)[:, 0] * normal.square().sum(dim=1).rsqrt()

    face = torch.stack([cosine(centers[:, i, None], halves[:, i, None]) for i in range(FACE)], dim=1)
    blended = (face * blend).sum(dim=1) / blend.sum(dim=1)
    unblended = cosine(centers[:, part].transpose(0, 1), halves[:, part].transpose(0, 1))
    return torch.where(part < FACE, blended, unblended).clamp_min(0)


def _paint(point: Tensor, part: Tensor) -> Tensor:
    """Return factors on the albedo that draw pupils, brows and mouth."""
    x, y, z = point.unbind(1)
    x = x.abs()
    front = z > 0
    eye = (part == EYES[0]) | (part == EYES[1])
    skin = (part < 2) & front
    pupil = eye & ((x - 0.29) ** 2 + (y - 0.13) ** 2 < 0.075**2)
    brow = skin & (((x - 0.30) / 0.19) ** 2 + ((y - 0.33 + 0.25 * (x - 0.3) ** 2) / 0.05) ** 2 < 1)
    mouth = skin & ((x / 0.25) ** 2 + ((y + 0.50 - 0.8 * x**2) / 0.065) ** 2 < 1)
    paint = torch.ones_like(x)
    for mask, factor in ((pupil, 0.08), (brow, 0.25), (mouth, 0.40)):
        paint = paint.masked_fill(mask, factor)
    return paint
