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
# Only DOWNLOADED uses the network.
EMBEDDED, RENDERED, DOWNLOADED = tuple(_EMBEDDED), tuple(_RENDERED), tuple(_DOWNLOADED)
# Data sets of the papers that must not be redistributed, or that are too large to download on first use.
ABSENT = ("celeba", "imagenet", "imagenet_64", "lsun_bedrooms", "svhn")


def load(name: str) -> Dataset:
    """Return a data set by name. Nothing is downloaded unless the name is one of ``DOWNLOADED``.

    ``EMBEDDED`` sets come with the packages; ``RENDERED`` ones are drawn, in seconds, at 32×32 (other sizes, and
    colors, through :func:`~dgm_helpers.data.rendered.rendered`). ``DOWNLOADED`` ones are downloaded on first use into
    the user's cache. The environment variable ``DGM_DATA`` names a folder that already contains their files, or another
    address to download them from (see :func:`~dgm_helpers.data.fetching.fetch`).

    Raises:
        ValueError: if no data set has that name, or if it is one of ``ABSENT``, which some papers' presets name.
        ConnectionError: if its files cannot be downloaded, or are missing or wrong in the folder; the message gives
            a remedy.
    """
    if name in ABSENT:
        raise ValueError(
            f"data set must be one of {', '.join(_LOADERS)}; got {name!r}, which this course cannot provide: train "
            "on your own images with dgm_helpers.training.fit"
        )
    if name not in _LOADERS:
        raise ValueError(f"data set must be one of {', '.join(_LOADERS)}; got {name!r}")
    return _LOADERS[name]()


def names() -> tuple[str, ...]:
    """Return the names that :func:`load` knows."""
    return tuple(_LOADERS)
