"""Data sets that are drawn when they are asked for, from factors that are known."""

import torch

from dgm_helpers.data.dataset import Dataset
from dgm_helpers.data.factors import Renderer
from dgm_helpers.data.heads import Heads
from dgm_helpers.data.sprites import Sprites
from dgm_helpers.runtime import DEFAULT_SEED, generator

LICENCE = "MIT, as this package"


def sprites() -> Dataset:
    """22,000 sprites of 32×32, black and white; their class is the shape."""
    return rendered(Sprites(size=32), train=20_000, test=2_000, label="shape", name="sprites")


def heads() -> Dataset:
    """5,000 heads of 32×32; their class is the azimuth."""
    return rendered(Heads(size=32), train=4_500, test=500, label="azimuth", name="heads")


def rendered(
    renderer: Renderer, *, train: int, test: int, label: str, name: str = "rendered", seed: int = DEFAULT_SEED
) -> Dataset:
    """Draw pictures of different values of the factors, and split them.

    The values come from a random order of the grid, so that none is drawn twice. Different values can still look the
    same (a square, and the square a quarter of a turn on): of equal pictures only the first is kept.

    Args:
        renderer: draws them.
        train: number of training pictures.
        test: number of test pictures.
        label: the factor whose values are the classes.
        name: of the data set.
        seed: of the order.

    Raises:
        ValueError: if no factor is called ``label``, or if there are not as many different pictures.
    """
    factors, wanted = renderer.factors, train + test
    if label not in factors.names:
        raise ValueError(f"no factor is called {label!r}: there are {', '.join(factors.names)}")
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
        raise ValueError(f"there are {len(pictures)} different pictures and not {wanted}")
    images, table = torch.stack(pictures), torch.stack(values)
    classes = table[:, factors.names.index(label)]
    provenance = (
        f"rendered by {type(renderer).__name__} of this package from {', '.join(factors.names)}: {wanted:,} different "
        f"pictures in a fixed random order; the last {test:,} are the test split"
    )
    return Dataset(name, images[:train], classes[:train], images[train:], classes[train:], provenance, LICENCE,
                   table[:train], table[train:])  # fmt: skip
