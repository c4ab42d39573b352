"""Embedded data sets, and the full MNIST from a folder, from nowhere, and from files that are wrong."""

import gzip
import hashlib
import re
import struct
from importlib import resources

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.data import registry

SHAPES = {"digits": (1437, 360, 8), "mnist_10k": (9000, 1000, 28)}


@pytest.fixture(scope="module", params=data.EMBEDDED)
def dataset(request):
    return data.load(request.param)


def test_every_embedded_set_is_tested():
    assert set(SHAPES) == set(data.EMBEDDED)
    assert set(data.names()) == {*data.EMBEDDED, "mnist"}


def test_shapes_types_and_ranges(dataset):
    n_train, n_test, size = SHAPES[dataset.name]
    assert dataset.train.shape == (n_train, 1, size, size) and dataset.train_labels.shape == (n_train,)
    assert dataset.test.shape == (n_test, 1, size, size) and dataset.test_labels.shape == (n_test,)
    for images in (dataset.train, dataset.test):
        assert images.dtype == torch.float32
        # The whole range is used: no set is scaled to 255 or 16, or scaled twice.
        assert images.min() == 0 and images.max() == 1
    for labels in (dataset.train_labels, dataset.test_labels):
        assert labels.dtype == torch.int64 and set(labels.tolist()) == set(range(10))


def test_no_image_is_in_both_splits_or_twice_in_one(dataset):
    train, test = ({image.numpy().tobytes() for image in split} for split in dataset.flat())
    assert len(train) == len(dataset.train) and len(test) == len(dataset.test)
    assert not train & test


def test_labels_belong_to_their_images(dataset):
    # The nearest class mean is right far more often than one time in ten, on images it has not seen.
    train, test = dataset.flat()
    means = torch.stack([train[dataset.train_labels == digit].mean(dim=0) for digit in range(10)])
    assert (torch.cdist(test, means).argmin(dim=1) == dataset.test_labels).float().mean() > 0.75


def test_flat_images_are_the_rows_of_pixels(dataset):
    train, test = dataset.flat()
    assert torch.equal(train.view_as(dataset.train), dataset.train)
    assert torch.equal(test.view_as(dataset.test), dataset.test)


def test_loading_again_gives_the_same(dataset):
    again = data.load(dataset.name)
    assert torch.equal(again.train, dataset.train) and torch.equal(again.test_labels, dataset.test_labels)


def test_a_set_loaded_is_the_callers_own(dataset):
    first = data.load(dataset.name)
    first.train.zero_()
    assert data.load(dataset.name).train.sum() == dataset.train.sum()


def test_provenance_and_licence_are_stated(dataset):
    assert dataset.licence.startswith("CC BY")
    assert "test split" in dataset.provenance and len(dataset.provenance) > 80
    n_train, n_test, size = SHAPES[dataset.name]
    assert repr(dataset) == (
        f"{dataset.name}: {n_train} training and {n_test} test images of 1×{size}×{size}; {dataset.licence}"
    )


def test_the_files_in_the_package_state_their_licence():
    text = resources.files("dgm_helpers.data").joinpath("files/README.md").read_text()
    assert "mnist_10k.npz" in text and "CC BY-SA 3.0" in text and "MIT" in text


@pytest.mark.parametrize("name", ["MNIST", "cifar10", "", "digits "])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match=rf"^unknown data set '{name}': there are digits, mnist_10k, mnist$"):
        data.load(name)


def idx(*shape: int) -> tuple[bytes, torch.Tensor]:
    """A gzipped IDX file of bytes 0, 1, 2, …, and what is in it."""
    values = torch.arange(torch.Size(shape).numel()) % 251
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    return gzip.compress(header + bytes(values.tolist()), mtime=0), values.view(shape)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a tiny MNIST: 5 training and 3 test images, with checksums of its own."""
    shapes = {
        "train-images": (5, 28, 28),
        "train-labels": (5,),
        "t10k-images": (3, 28, 28),
        "t10k-labels": (3,),
    }
    checksums = {}
    for file in registry.MNIST_FILES:
        content, _ = idx(*shapes[file.rpartition("-idx")[0]])
        (tmp_path / file).write_bytes(content)
        checksums[file] = f"md5:{hashlib.md5(content).hexdigest()}"
    monkeypatch.setattr(registry, "MNIST_FILES", checksums)
    monkeypatch.setenv("DGM_DATA", str(tmp_path))
    return tmp_path


def test_mnist_is_read_from_a_folder(folder):
    mnist = data.load("mnist")
    assert mnist.train.shape == (5, 1, 28, 28) and mnist.test.shape == (3, 1, 28, 28)
    _, images = idx(5, 28, 28)
    assert torch.equal((mnist.train[:, 0] * 255).round().long(), images)
    assert mnist.train_labels.tolist() == [0, 1, 2, 3, 4] and mnist.test_labels.dtype == torch.int64
    assert mnist.licence == "CC BY-SA 3.0" and "60,000" in mnist.provenance


def test_mnist_is_read_from_a_folder_under_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("DGM_DATA", f"~/{folder.name}")
    assert len(data.load("mnist").train) == 5


@pytest.mark.parametrize("damage", ["missing", "corrupt", "truncated"])
def test_a_file_that_is_missing_or_wrong_is_told(folder, damage):
    path = folder / "t10k-labels-idx1-ubyte.gz"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if damage == "truncated" else b"<html>not found</html>")
    with pytest.raises(ConnectionError) as error:
        data.load("mnist")
    message = str(error.value)
    assert str(path.name) in message and str(folder) in message and "checksum is wrong" in message
    assert 'load("mnist_10k")' in message and "\n" not in message


def test_without_a_network_one_sentence_names_the_embedded_set(monkeypatch, tmp_path):
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path)
    monkeypatch.setenv("DGM_DATA", "http://127.0.0.1:9/")
    with pytest.raises(ConnectionError) as error:
        data.load("mnist")
    message = str(error.value)
    assert re.match(
        r"full MNIST is not on this machine and train-images-idx3-ubyte.gz could not be had", message
    )
    assert "http://127.0.0.1:9/" in message and 'load("mnist_10k")' in message and "DGM_DATA" in message
    assert "\n" not in message
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_address_of_another_kind_is_told(monkeypatch, tmp_path):
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path)
    monkeypatch.setenv("DGM_DATA", "gopher://mnist/")
    with pytest.raises(ConnectionError, match="mnist_10k"):
        data.load("mnist")


def test_what_is_in_the_cache_needs_no_network(folder, monkeypatch):
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda name: folder)
    monkeypatch.setenv("DGM_DATA", "http://127.0.0.1:9/")
    assert len(data.load("mnist").train) == 5


def test_the_published_checksums_are_md5_sums():
    # Set when MNIST was published; a typing error would refuse the right file.
    assert len(registry.MNIST_FILES) == 4
    assert all(re.fullmatch(r"md5:[0-9a-f]{32}", checksum) for checksum in registry.MNIST_FILES.values())
