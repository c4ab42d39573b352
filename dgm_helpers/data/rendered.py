"""Data sets that are rendered from known factors when they are loaded."""

import torch

from dgm_helpers.data.dataset import Dataset
from dgm_helpers.data.factors import Renderer
from dgm_helpers.data.heads import Heads
from dgm_helpers.data.sprites import Sprites
from dgm_helpers.runtime import DEFAULT_SEED, generator

LICENSE = "MIT, as this package"


def sprites() -> Dataset:
    """Draw 22,000 black-and-white sprites of 32×32; their class is the shape."""
    return rendered(Sprites(size=32), train=20_000, test=2_000, label="shape", name="sprites")


def heads() -> Dataset:
    """Draw 5,000 heads of 32×32; their class is the azimuth."""
    return rendered(Heads(size=32), train=4_500, test=500, label="azimuth", name="heads")


def rendered(
    renderer: Renderer, *, train: int, test: int, label: str, name: str = "rendered", seed: int = DEFAULT_SEED
) -> Dataset:
    """Draw images of different values of the factors, and split them.

    The values come from a random order of the grid, so that none is drawn twice. Different values can still look the
    same (a square and the square after a quarter turn): of equal images only the first is kept.

    Args:
        renderer: the renderer that draws the images.
        train: number of training images.
        test: number of test images.
        label: the factor whose values are the classes.
        name: the data set's name.
        seed: seed for the random order.

    Raises:
        ValueError: if no factor is called ``label``, or if there are fewer than ``train + test`` different images.
    """
    factors, wanted = renderer.factors, train + test
    if label not in factors.names:
        raise ValueError(f"label must be one of the factors {', '.join(factors.names)}; got {label!r}")
    order = torch.randperm(factors.combinations, generator=generator(seed))
    pictures, values, seen = [], [], set()
    for rows in order.split(1_000):
        drawn = factors.values(rows)
        for picture, value in zip(renderer.render(drawn), drawn, strict=True):
            if len(pictures) < wanted and (content := picture.numpy().tobytes()) not in seen:
                seen.add(content)
                pictures.append(picture)
                values.append(value)
        if len(pictures) == wanted:
            break
    else:
        raise ValueError(
            f"train + test must be at most {len(pictures)}, the number of different images, got {wanted}"
        )
    images, table = torch.stack(pictures), torch.stack(values)
    classes = table[:, factors.names.index(label)]
    provenance = (
        f"rendered by {type(renderer).__name__} of this package from {', '.join(factors.names)}: {wanted:,} different "
        f"pictures in a fixed random order; the last {test:,} are the test split"
    )
    return Dataset(name, images[:train], classes[:train], images[train:], classes[train:], provenance, LICENSE,
                   table[:train], table[train:])  # fmt: skip
