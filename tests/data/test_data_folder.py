"""Data sets in a folder that DGM_DATA names: tiny files, compressed in several ways, damaged, and missing."""

import gzip
import hashlib

import pytest
import torch
from tiny_files import FILES, MNIST, TRAIN, published, refusal

from dgm_helpers import data
from dgm_helpers.data import downloads

NAME = "train-images-idx3-ubyte"
DOTTED = "train-images.idx3-ubyte"
ORIGINAL = FILES["mnist"][0]
RECOMPRESSED = gzip.compress(MNIST[0], compresslevel=1, mtime=7)


@pytest.fixture
def folder(tiny, tmp_path, monkeypatch):
    """A folder named by DGM_DATA, with the published files of every data set."""
    for key, contents in FILES.items():
        for file, content in zip(downloads.SOURCES[key].files, contents, strict=True):
            (tmp_path / file.name).write_bytes(content)
    monkeypatch.setenv("DGM_DATA", str(tmp_path))
    return tmp_path


def put(folder, name, content):
    """Replace MNIST's training images by a file."""
    (folder / f"{NAME}.gz").unlink()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def md5(content):
    return hashlib.md5(content).hexdigest()


@pytest.mark.parametrize("name", data.DOWNLOADED)
@pytest.mark.parametrize("subfolder", [False, True], ids=["itself", "subfolder"])
def test_a_set_is_read_from_a_folder_or_its_subfolder(name, subfolder, folder, monkeypatch):
    if subfolder:
        (folder / name).mkdir()
        for file in downloads.SOURCES[name].files:
            (folder / file.name).rename(folder / name / file.name)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("DGM_DATA", f"~/{folder.name}")
    assert len(data.load(name).train) > 0


@pytest.mark.parametrize("place", ["", "mnist/"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{NAME}.gz", ORIGINAL),
        (f"{NAME}.gz", RECOMPRESSED),
        (NAME, MNIST[0]),
        (f"{DOTTED}.gz", RECOMPRESSED),
        (DOTTED, MNIST[0]),
        (f"{NAME}.gz", MNIST[0]),
        (NAME, RECOMPRESSED),
    ],
    ids=["original", "recompressed", "plain", "dotted-gz", "dotted", "plain-named-gz", "gz-named-plain"],
)
def test_mnist_is_accepted_compressed_in_any_way_or_not(place, name, content, folder):
    assert md5(RECOMPRESSED) != md5(ORIGINAL)
    put(folder, place + name, content)
    images = data.load("mnist").train
    assert torch.equal(images.flatten(), torch.arange(TRAIN * 784) % 251)


@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz", DOTTED, f"{DOTTED}.gz"])
def test_wrong_contents_are_refused_with_both_checksums(name, folder):
    content = MNIST[0][:-1] + b"\0"
    path = put(folder, name, gzip.compress(content) if name.endswith(".gz") else content)
    expected = f"{path} must have decompressed contents with md5 {md5(MNIST[0])}, got {md5(content)}; replace it with "
    message = refusal("mnist")
    assert expected in message and downloads.SOURCES["mnist"].address in message
    assert path.is_file()  # the user's files are never removed


@pytest.mark.parametrize("name", [name for name in data.DOWNLOADED if name != "omniglot"])
def test_another_set_is_refused_by_the_checksum_of_its_archive(name, folder):
    file, right = downloads.SOURCES[name].files[-1], published(name)[-1]
    (folder / file.name).write_bytes(b"wrong")
    assert f"{folder / file.name} must have " in (message := refusal(name))
    assert f"md5 {md5(right)}, got {md5(b'wrong')}; replace it with " in message


def test_omniglot_is_refused_by_its_contents_and_kept(folder):
    path = folder / "chardata.mat"
    path.write_bytes(FILES["omniglot"][0][:-30])
    assert f"{path} must be a MATLAB file" in refusal("omniglot")
    assert path.is_file()


@pytest.mark.parametrize("length", [5, len(RECOMPRESSED) // 2, len(RECOMPRESSED) - 1])
def test_a_truncated_archive_is_refused(length, folder):
    path = put(folder, f"{NAME}.gz", RECOMPRESSED[:length])
    assert f"{path} must be a complete gzip file, got one that ends too early; replace it" in refusal("mnist")


def test_a_damaged_archive_is_refused(folder):
    for damage in (RECOMPRESSED[:-8] + bytes(8), RECOMPRESSED[:10] + b"\xff" * 20, RECOMPRESSED + b"more"):
        (folder / f"{NAME}.gz").write_bytes(damage)
        assert "must be a complete gzip file, got a damaged one (" in refusal("mnist")


def test_a_missing_file_is_reported_with_the_names_and_folders_looked_in(folder):
    (folder / f"{NAME}.gz").unlink()
    message = refusal("mnist")
    assert f"contains one of {NAME}.gz, {NAME}, {DOTTED}.gz, {DOTTED}, found none in {folder} or " in message
    assert f" or {folder / 'mnist'}; unset DGM_DATA" in message


def test_a_missing_archive_is_reported_by_its_only_name(folder):
    (file,) = downloads.SOURCES["cifar10"].files
    (folder / file.name).unlink()
    assert f"contains {file.name}, found none in {folder} or {folder / 'cifar10'}; " in refusal("cifar10")


def test_a_right_file_is_found_next_to_a_wrong_one(folder):
    (folder / f"{NAME}.gz").write_bytes(ORIGINAL[:-30])
    (folder / "mnist").mkdir()
    (folder / "mnist" / DOTTED).write_bytes(MNIST[0])
    assert len(data.load("mnist").train) == TRAIN


def test_a_file_that_cannot_be_read_is_refused(folder, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("dgm_helpers.data.formats.open_contents", refused)
    assert f"{folder / NAME}.gz cannot be read (Permission denied); " in refusal("mnist")
