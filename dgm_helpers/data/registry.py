"""Data sets by name."""

from collections.abc import Callable

from dgm_helpers.data import downloads, embedded, rendered
from dgm_helpers.data.dataset import Dataset

_EMBEDDED = {"digits": embedded.digits, "mnist_10k": embedded.mnist_10k}
_RENDERED = {"sprites": rendered.sprites, "heads": rendered.heads}
_DOWNLOADED = {
    "mnist": downloads.mnist,
    "omniglot": downloads.omniglot,
    "cifar10": downloads.cifar10,
    "cifar100": downloads.cifar100,
    "dsprites": downloads.dsprites,
}
_LOADERS: dict[str, Callable[[], Dataset]] = _EMBEDDED | _RENDERED | _DOWNLOADED
# The first two need no network; nothing but the third uses it.
EMBEDDED, RENDERED, DOWNLOADED = tuple(_EMBEDDED), tuple(_RENDERED), tuple(_DOWNLOADED)
# The papers' sets that nobody may hand on, or that are too large to be fetched by the way.
ABSENT = ("celeba", "imagenet", "imagenet_64", "lsun_bedrooms", "svhn")


def load(name: str) -> Dataset:
    """Return a data set by name. Nothing is downloaded unless the name is one of ``DOWNLOADED``.

    ``EMBEDDED`` sets come with the packages; ``RENDERED`` ones are drawn, in seconds, at 32×32 (other sizes, and
    colours, through :func:`~dgm_helpers.data.rendered.rendered`). ``DOWNLOADED`` ones are downloaded on first use into
    the user's cache. The environment variable ``DGM_DATA`` names a folder that already contains their files, or another
    address to download them from (see :func:`~dgm_helpers.data.fetching.fetch`).

    Raises:
        ValueError: if there is no data set of that name, or it is one of ``ABSENT``, which presets of papers name.
        ConnectionError: if its files cannot be downloaded, or are missing or wrong in the folder; says what to do.
    """
    if name in ABSENT:
        raise ValueError(
            f"{name} is not among the data of this course, which are {', '.join(_LOADERS)}: choose one of these, or "
            "train on images of your own by dgm_helpers.training.fit"
        )
    if name not in _LOADERS:
        raise ValueError(f"unknown data set {name!r}: there are {', '.join(_LOADERS)}")
    return _LOADERS[name]()


def names() -> tuple[str, ...]:
    """The names that :func:`load` knows."""
    return tuple(_LOADERS)
