"""The data sets that come with the package."""

from importlib import resources

import pytest
import torch

from dgm_helpers import data

SHAPES = {"digits": (1437, 360, 8), "mnist_10k": (9000, 1000, 28)}


@pytest.fixture(scope="module", params=data.EMBEDDED)
def dataset(request):
    return data.load(request.param)


def test_every_embedded_set_is_tested():
    assert set(SHAPES) == set(data.EMBEDDED)
    assert data.names() == (*data.EMBEDDED, *data.RENDERED, *data.DOWNLOADED)


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


@pytest.mark.parametrize("name", ["digits", "heads"])
def test_a_validation_split_is_the_end_of_the_training_images_and_nothing_is_copied(name):
    whole = data.load(name)
    parted = whole.validation(7)
    for part in ("train", "train_labels", "train_factors"):
        before = getattr(whole, part)
        if before is not None:
            rest, last = getattr(parted, part), getattr(parted, part.replace("train", "test"))
            assert torch.equal(rest, before[:-7]) and torch.equal(last, before[-7:])
            assert rest.data_ptr() == before.data_ptr()
    assert f"{len(whole.train) - 7} training and 7 validation images of " in repr(parted)
    assert parted.provenance.endswith("the last 7 are a validation split")


@pytest.mark.parametrize("n", [0, 1437, -3])
def test_a_validation_split_of_none_or_of_all_is_refused(n):
    message = rf"^n must be from 1 to 1,436, one fewer than the training images of digits, got {n:,}$"
    with pytest.raises(ValueError, match=message):
        data.load("digits").validation(n)


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


def test_provenance_and_license_are_stated(dataset):
    assert dataset.license.startswith("CC BY")
    assert "test split" in dataset.provenance and len(dataset.provenance) > 80
    n_train, n_test, size = SHAPES[dataset.name]
    assert repr(dataset) == (
        f"{dataset.name}: {n_train} training and {n_test} test images of 1×{size}×{size}; {dataset.license}"
    )


def test_the_files_in_the_package_state_their_license():
    text = resources.files("dgm_helpers.data").joinpath("files/README.md").read_text()
    assert "mnist_10k.npz" in text and "CC BY-SA 3.0" in text and "MIT" in text


@pytest.mark.parametrize("name", ["MNIST", "cifar-10", "", "digits "])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(
        ValueError, match=rf"^data set must be one of digits, mnist_10k, sprites, .*; got '{name}'$"
    ):
        data.load(name)
