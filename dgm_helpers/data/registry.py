"""Data sets by name: embedded ones, which always work, and one to download."""

import gzip
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import torch

from dgm_helpers.data.dataset import Dataset

MNIST_CREDIT = "MNIST (LeCun, Cortes, Burges)"
MNIST_LICENCE = "CC BY-SA 3.0"
MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
}


def load(name: str) -> Dataset:
    """Return a data set by name. Nothing is downloaded unless the name is ``"mnist"``.

    ``"digits"`` and ``"mnist_10k"`` come with the packages. ``"mnist"``, the full one, is fetched on first use into
    the user's cache; the environment variable ``DGM_DATA`` names a folder or an address to fetch it from instead.

    Raises:
        ValueError: if there is no data set of that name.
        ConnectionError: if it has to be fetched and cannot be; says which embedded set to use instead.
    """
    if name not in _LOADERS:
        raise ValueError(f"unknown data set {name!r}: there are {', '.join(_LOADERS)}")
    return _LOADERS[name]()


def names() -> tuple[str, ...]:
    """The names that :func:`load` knows."""
    return tuple(_LOADERS)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images.astype(np.float32) / 16, bunch.target.astype(np.int64)
    return _split("digits", images, labels, n_test=360,
                  provenance="UCI Optical Recognition of Handwritten Digits (Alpaydin, Kaynak), as shipped with "
                  "scikit-learn: 1,797 images; the last 360 in a fixed random order are the test split",
                  licence="CC BY 4.0", order=np.random.RandomState(0).permutation(len(images)))  # fmt: skip


def _mnist_10k() -> Dataset:
    with resources.files("dgm_helpers.data").joinpath("files/mnist_10k.npz").open("rb") as file:
        arrays = np.load(file)
        images, labels = arrays["images"].astype(np.float32) / 255, arrays["labels"].astype(np.int64)
    return _split("mnist_10k", images, labels, n_test=1_000,
                  provenance=f"{MNIST_CREDIT}: its first 10,000 training images in a fixed random order, from the "
                  "MIT-licensed package of MNIST digits; the last 1,000 are the test split",
                  licence=MNIST_LICENCE, order=np.arange(len(images)))  # fmt: skip


def _split(
    name: str,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    n_test: int,
    order: np.ndarray,
    provenance: str,
    licence: str,
) -> Dataset:
    train, test = order[:-n_test], order[-n_test:]
    tensor = torch.from_numpy(images)[:, None]
    classes = torch.from_numpy(labels)
    return Dataset(name, tensor[train], classes[train], tensor[test], classes[test], provenance, licence)


def _mnist() -> Dataset:
    arrays = [_read_idx(_fetch(file, checksum)) for file, checksum in MNIST_FILES.items()]
    train, train_labels, test, test_labels = (torch.from_numpy(array) for array in arrays)
    return Dataset("mnist", train[:, None].float() / 255, train_labels.long(), test[:, None].float() / 255,
                   test_labels.long(), f"{MNIST_CREDIT}: its own 60,000 training and 10,000 test images",
                   MNIST_LICENCE)  # fmt: skip


def _fetch(file: str, checksum: str) -> Path:
    """The path of a file in the cache, downloaded and verified if need be."""
    import pooch
    import requests

    source = os.environ.get("DGM_DATA") or MNIST_URL
    if "://" not in source:
        return _from_folder(Path(source).expanduser(), file, checksum)
    try:
        return Path(pooch.retrieve(f"{source.rstrip('/')}/{file}", checksum, fname=file, progressbar=True,
                                   path=pooch.os_cache("dgm_helpers")))  # fmt: skip
    except (requests.RequestException, OSError, ValueError) as error:
        raise ConnectionError(_unavailable(file, source, type(error).__name__)) from error


def _from_folder(folder: Path, file: str, checksum: str) -> Path:
    import pooch

    path = folder / file
    if not path.is_file() or not pooch.hashes.hash_matches(path, checksum):
        raise ConnectionError(_unavailable(file, str(folder), "missing, or its checksum is wrong"))
    return path


def _unavailable(file: str, source: str, reason: str) -> str:
    return (
        f"full MNIST is not on this machine and {file} could not be had from {source} ({reason}): use "
        'load("mnist_10k"), which comes with the package, or set DGM_DATA to a folder that holds the files'
    )


def _read_idx(path: Path) -> np.ndarray:
    """Read a gzipped IDX file of bytes (http://yann.lecun.com/exdb/mnist): magic, sizes, values."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", count=dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


_LOADERS: dict[str, Callable[[], Dataset]] = {"digits": _digits, "mnist_10k": _mnist_10k, "mnist": _mnist}
EMBEDDED = ("digits", "mnist_10k")  # these need no network
