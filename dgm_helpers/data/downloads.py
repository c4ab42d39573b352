"""Loaders of the data sets that are downloaded on request and kept in the user's cache."""

import torch

from dgm_helpers.data import formats
from dgm_helpers.data.dataset import Dataset
from dgm_helpers.data.embedded import MNIST_CREDIT, MNIST_LICENSE
from dgm_helpers.data.factors import Factors
from dgm_helpers.data.fetching import fetch, refuse
from dgm_helpers.data.sources import SOURCES
from dgm_helpers.runtime import generator

OMNIGLOT_SPLIT = (24_345, 8_070)
DSPRITES_FACTORS = Factors(("shape", "scale", "orientation", "x", "y"), (3, 6, 40, 32, 32))


def mnist() -> Dataset:
    """Load 70,000 images of 28×28 digits as uint8, in MNIST's two splits."""
    train, train_labels, test, test_labels = (
        torch.from_numpy(formats.read_idx(path)) for path in fetch("mnist")
    )
    return Dataset("mnist", train[:, None], train_labels.long(), test[:, None], test_labels.long(),
                   f"{MNIST_CREDIT}: its own 60,000 training and 10,000 test images", MNIST_LICENSE)  # fmt: skip


def omniglot() -> Dataset:
    """Load 32,415 images of 28×28 characters in the split of the IWAE paper; their class is one of 50 alphabets.

    Raises:
        ConnectionError: if the file contains other data or a different number of images.
    """
    (path,) = fetch("omniglot")
    try:
        arrays = formats.read_omniglot(path)
        if (split := (len(arrays[0]), len(arrays[2]))) != OMNIGLOT_SPLIT:
            raise ValueError(f"{path} must be split into {OMNIGLOT_SPLIT} images, got {split}")
    except ValueError as error:
        raise refuse("omniglot", path, error) from error
    train, train_labels, test, test_labels = (torch.from_numpy(array) for array in arrays)
    return Dataset("omniglot", train[:, None], train_labels, test[:, None], test_labels,
                   "OMNIGLOT (Lake, Salakhutdinov, Tenenbaum), resized to 28×28 and split into 24,345 training and "
                   "8,070 test images by Burda et al. (2016)", "MIT")  # fmt: skip


def cifar10() -> Dataset:
    """Load 60,000 color images of 32×32 in 10 classes as uint8, in CIFAR-10's two splits."""
    folder = "cifar-10-batches-bin"
    train = tuple(f"{folder}/data_batch_{number}.bin" for number in range(1, 6))
    return _cifar("cifar10", train, f"{folder}/test_batch.bin", label_bytes=1)


def cifar100() -> Dataset:
    """Load 60,000 color images of 32×32 in 100 classes (the fine labels) as uint8, in CIFAR-100's two splits."""
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
    """Load 737,280 images of 64×64 as uint8, 3.0 GB; their class is the shape.

    The first tenth of a fixed random order is the test split. The splits are two parts of one array, into which the
    images are read in that order. ``sprites`` takes a second to draw and needs no download.

    Raises:
        ConnectionError: if the file contains other data or a different number of images.
    """
    (path,) = fetch("dsprites")
    n = DSPRITES_FACTORS.combinations
    order = torch.randperm(n, generator=generator(0))
    try:
        images = formats.read_dsprites(path, order.argsort().numpy())
    except ValueError as error:
        raise refuse("dsprites", path, error) from error
    images, values = torch.from_numpy(images)[:, None], DSPRITES_FACTORS.values(order)
    (test, train), (test_values, train_values) = (
        all_of_it.tensor_split([n // 10]) for all_of_it in (images, values)
    )
    return Dataset("dsprites", train, train_values[:, 0], test, test_values[:, 0],
                   "dSprites (Matthey, Higgins, Hassabis, Lerchner): every combination of its factors once; a tenth, "
                   "in a fixed random order, is the test split", "Apache 2.0", train_values, test_values)  # fmt: skip
