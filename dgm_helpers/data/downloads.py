"""Data sets that are downloaded when they are asked for, verified, and kept in the user's cache."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from dgm_helpers.data import formats
from dgm_helpers.data.dataset import Dataset
from dgm_helpers.data.embedded import MNIST_CREDIT, MNIST_LICENCE
from dgm_helpers.data.factors import Factors
from dgm_helpers.runtime import generator


@dataclass(frozen=True)
class Source:
    """Where the files of a data set are.

    Attributes:
        title: what the data set is called in a message.
        address: of the folder that holds the files.
        files: name of each file and its checksum; None where none has been published: then the loader verifies what
            is in the file.
        instead: the embedded set to use without a network.
    """

    title: str
    address: str
    files: dict[str, str | None]
    instead: str


SOURCES = {
    "mnist": Source("full MNIST", "https://ossci-datasets.s3.amazonaws.com/mnist", {
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    }, "mnist_10k"),
    # The file of Burda's repository has no published checksum.
    "omniglot": Source("OMNIGLOT", "https://github.com/yburda/iwae/raw/master/datasets/OMNIGLOT", {
        "chardata.mat": None,
    }, "mnist_10k"),
    "cifar10": Source("CIFAR-10", "https://www.cs.toronto.edu/~kriz", {
        "cifar-10-binary.tar.gz": "md5:c32a1d4ab5d03f1284b67883e8d87530",
    }, "digits"),
    "cifar100": Source("CIFAR-100", "https://www.cs.toronto.edu/~kriz", {
        "cifar-100-binary.tar.gz": "md5:03b5dce01913d631647c71ecec9e9cb8",
    }, "digits"),
    "dsprites": Source("dSprites", "https://github.com/google-deepmind/dsprites-dataset/raw/master", {
        "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz": "md5:7da33b31b13a06f4b04a70402ce90c2e",
    }, "sprites"),
}  # fmt: skip
OMNIGLOT_SPLIT = (24_345, 8_070)
DSPRITES_FACTORS = Factors(("shape", "scale", "orientation", "x", "y"), (3, 6, 40, 32, 32))


def mnist() -> Dataset:
    """70,000 images of 28×28 digits as uint8, in their own two splits."""
    train, train_labels, test, test_labels = (
        torch.from_numpy(formats.read_idx(path)) for path in fetch("mnist")
    )
    return Dataset("mnist", train[:, None], train_labels.long(), test[:, None], test_labels.long(),
                   f"{MNIST_CREDIT}: its own 60,000 training and 10,000 test images", MNIST_LICENCE)  # fmt: skip


def omniglot() -> Dataset:
    """32,415 images of 28×28 characters in the split of the IWAE paper; their class is one of 50 alphabets.

    Raises:
        ConnectionError: if the file holds another number of images.
    """
    (path,) = fetch("omniglot")
    try:
        arrays = formats.read_omniglot(path)
        if (split := (len(arrays[0]), len(arrays[2]))) != OMNIGLOT_SPLIT:
            raise ValueError(f"{path.name} is split into {split} images, not {OMNIGLOT_SPLIT}")
    except ValueError as error:
        _forget(path)
        raise ConnectionError(unavailable("omniglot", path.name, str(path.parent), str(error))) from error
    train, train_labels, test, test_labels = (torch.from_numpy(array) for array in arrays)
    return Dataset("omniglot", train[:, None], train_labels, test[:, None], test_labels,
                   "OMNIGLOT (Lake, Salakhutdinov, Tenenbaum), resized to 28×28 and split into 24,345 training and "
                   "8,070 test images by Burda et al. (2016)", "MIT")  # fmt: skip


def cifar10() -> Dataset:
    """60,000 colour images of 32×32 in 10 classes as uint8, in their own two splits."""
    folder = "cifar-10-batches-bin"
    train = tuple(f"{folder}/data_batch_{number}.bin" for number in range(1, 6))
    return _cifar("cifar10", train, f"{folder}/test_batch.bin", label_bytes=1)


def cifar100() -> Dataset:
    """60,000 colour images of 32×32 in 100 classes (the fine labels) as uint8, in their own two splits."""
    return _cifar("cifar100", ("cifar-100-binary/train.bin",), "cifar-100-binary/test.bin", label_bytes=2)


def _cifar(name: str, train: tuple[str, ...], test: str, label_bytes: int) -> Dataset:
    (path,) = fetch(name)
    arrays = [formats.read_cifar(path, members, label_bytes) for members in (train, (test,))]
    (train_images, train_labels), (test_images, test_labels) = (
        map(torch.from_numpy, pair) for pair in arrays
    )
    return Dataset(name, train_images, train_labels, test_images, test_labels,
                   f"{SOURCES[name].title} (Krizhevsky), binary version: its own 50,000 training and 10,000 test "
                   "images", "none stated by its authors")  # fmt: skip


def dsprites() -> Dataset:
    """737,280 images of 64×64 as uint8, 3.0 GB; their class is the shape.

    Every tenth in a fixed random order is a test image. The splits are two parts of one array, into which the images
    are read in that order. ``sprites`` are drawn in a second and need none of this.

    Raises:
        ConnectionError: if the file holds another number of images.
    """
    (path,) = fetch("dsprites")
    n = DSPRITES_FACTORS.combinations
    order = torch.randperm(n, generator=generator(0))
    try:
        images = formats.read_dsprites(path, order.argsort().numpy())
    except ValueError as error:
        _forget(path)
        raise ConnectionError(unavailable("dsprites", path.name, str(path.parent), str(error))) from error
    images, values = torch.from_numpy(images)[:, None], DSPRITES_FACTORS.values(order)
    (test, train), (test_values, train_values) = (
        all_of_it.tensor_split([n // 10]) for all_of_it in (images, values)
    )
    return Dataset("dsprites", train, train_values[:, 0], test, test_values[:, 0],
                   "dSprites (Matthey, Higgins, Hassabis, Lerchner): every combination of its factors once; a tenth, "
                   "in a fixed random order, is the test split", "Apache 2.0", train_values, test_values)  # fmt: skip


def fetch(name: str) -> list[Path]:
    """Paths of a data set's files in the cache, downloaded and verified if need be.

    ``DGM_DATA`` names a folder, or an address, to take them from instead.

    Raises:
        ConnectionError: if one cannot be had, or is not what it should be.
    """
    source = SOURCES[name]
    place = os.environ.get("DGM_DATA") or source.address
    if "://" in place:
        return [_download(name, place.rstrip("/"), file, checksum) for file, checksum in source.files.items()]
    return [
        _look_up(name, Path(place).expanduser(), file, checksum) for file, checksum in source.files.items()
    ]


def _download(name: str, address: str, file: str, checksum: str | None) -> Path:
    import pooch
    import requests

    try:
        # pooch writes to a temporary file and moves it only when all of it is there and its checksum is right.
        return Path(pooch.retrieve(f"{address}/{file}", checksum, fname=file, progressbar=True,
                                   path=pooch.os_cache("dgm_helpers")))  # fmt: skip
    except (requests.RequestException, OSError, ValueError) as error:
        raise ConnectionError(unavailable(name, file, address, _reason(error))) from error


def _reason(error: Exception) -> str:
    """Why a download failed, in some words; of a connection that failed requests' own are lines that tell no more."""
    import pooch
    import requests

    if not isinstance(error, requests.RequestException):
        if isinstance(error, OSError):
            why = error.strerror or type(error).__name__
            return f"the cache {pooch.os_cache('dgm_helpers')} cannot be written, {why}"
        if "hash" in str(error):
            return "what came has another checksum"
    status = getattr(getattr(error, "response", None), "status_code", "")
    return f"{type(error).__name__} {status}".rstrip()


def _look_up(name: str, folder: Path, file: str, checksum: str | None) -> Path:
    import pooch

    path = folder / file
    if not path.is_file() or not pooch.hashes.hash_matches(path, checksum):
        raise ConnectionError(unavailable(name, file, str(folder), "missing, or its checksum is wrong"))
    return path


def _forget(path: Path) -> None:
    """Remove a file that is not what it should be from the cache, so that the next call downloads it anew."""
    import pooch

    if path.parent == Path(pooch.os_cache("dgm_helpers")):
        path.unlink()


def unavailable(name: str, file: str, place: str, reason: str) -> str:
    """The sentence that says what is missing and what to use instead."""
    source = SOURCES[name]
    return (
        f"{source.title} is not on this machine and {file} could not be had from {place} ({reason}): use "
        f'load("{source.instead}"), which comes with the package, or set DGM_DATA to a folder that holds the files'
    )
