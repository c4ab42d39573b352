"""The data sets that come with the installed packages and always work."""

from importlib import resources

import numpy as np
import torch

from dgm_helpers.data.dataset import Dataset

MNIST_CREDIT = "MNIST (LeCun, Cortes, Burges)"
MNIST_LICENSE = "CC BY-SA 3.0"


def digits() -> Dataset:
    """Load 1,797 images of 8×8 digits."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images.astype(np.float32) / 16, bunch.target.astype(np.int64)
    return _split("digits", images, labels, n_test=360,
                  provenance="UCI Optical Recognition of Handwritten Digits (Alpaydin, Kaynak), as shipped with "
                  "scikit-learn: 1,797 images; the last 360 in a fixed random order are the test split",
                  license="CC BY 4.0", order=np.random.RandomState(0).permutation(len(images)))  # fmt: skip


def mnist_10k() -> Dataset:
    """Load 10,000 images of 28×28 digits."""
    with resources.files("dgm_helpers.data").joinpath("files/mnist_10k.npz").open("rb") as file:
        arrays = np.load(file)
        images, labels = arrays["images"].astype(np.float32) / 255, arrays["labels"].astype(np.int64)
    return _split("mnist_10k", images, labels, n_test=1_000,
                  provenance=f"{MNIST_CREDIT}: its first 10,000 training images in a fixed random order, from the "
                  "MIT-licensed package of MNIST digits; the last 1,000 are the test split",
                  license=MNIST_LICENSE, order=np.arange(len(images)))  # fmt: skip


def _split(
    name: str,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    n_test: int,
    order: np.ndarray,
    provenance: str,
    license: str,
) -> Dataset:
    train, test = order[:-n_test], order[-n_test:]
    tensor = torch.from_numpy(images)[:, None]
    classes = torch.from_numpy(labels)
    return Dataset(name, tensor[train], classes[train], tensor[test], classes[test], provenance, license)
