"""Data sets to download: tiny files of each format, with checksums of their own, served by this machine to itself.

The files go through the code that fetches the real ones: right, damaged, broken off, and not there at all.
"""

import dataclasses
import gzip
import hashlib
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
import torch
from tiny_files import FILES, TEST, TRAIN, dsprites, omniglot, refusal

from dgm_helpers import data
from dgm_helpers.data import downloads, formats
from dgm_helpers.data.factors import Factors

NAMES = data.DOWNLOADED


class Server(HTTPServer):
    """Serves ``contents``; a file named in ``broken`` ends half way, as when a connection is lost."""

    contents: dict[str, bytes]
    broken: set[str]
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    """Answers GET."""

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        content = self.server.contents.get(name)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if content is not None:
            self.wfile.write(content[: len(content) // 2] if name in self.server.broken else content)

    def log_message(self, *arguments):
        """Not a line of it into the test's output."""


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def server(tiny, cache, monkeypatch):
    server = Server(("127.0.0.1", 0), Handler)
    server.contents = {
        file.name: content
        for key in NAMES
        for file, content in zip(downloads.SOURCES[key].files, FILES[key], strict=True)
    }
    server.broken, server.asked = set(), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("DGM_DATA", f"http://127.0.0.1:{server.server_port}/mirror/")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def left(cache):
    return [path for path in cache.rglob("*") if path.is_file()] if cache.exists() else []


def test_a_set_is_downloaded_once_and_then_read_from_the_cache(name, server):
    first = data.load(name)
    asked = list(server.asked)
    again = data.load(name)
    assert (
        sorted(asked) == sorted(file.name for file in downloads.SOURCES[name].files) and server.asked == asked
    )
    assert torch.equal(first.train, again.train) and torch.equal(first.test_labels, again.test_labels)
    assert len(first.provenance) > 50 and first.license


def test_a_corrupt_file_is_refused_and_not_kept(name, server, cache):
    file = downloads.SOURCES[name].files[-1]
    page = b"<html>not found</html>"
    server.contents[file.name] = page
    message = refusal(name)
    found = f"with md5 {file.md5}, got {hashlib.md5(page).hexdigest()}; try again to download it"
    assert file.name in message and (found in message) == (file.md5 is not None)
    assert file.name not in [path.name for path in left(cache)]


def test_a_file_damaged_in_the_cache_is_downloaded_again(name, server, cache):
    file = downloads.SOURCES[name].files[0]
    first = data.load(name)
    (cache / file.name).write_bytes(FILES[name][0][:-30])
    if file.md5 is None:  # its damage is noticed only when it is read
        refusal(name)
    again = data.load(name)
    assert server.asked.count(file.name) == 2 and torch.equal(first.train, again.train)


def test_an_archive_compressed_again_is_downloaded_too(server):
    file = downloads.SOURCES["mnist"].files[0]
    server.contents[file.name] = gzip.compress(gzip.decompress(FILES["mnist"][0]), compresslevel=1, mtime=7)
    assert server.contents[file.name] != FILES["mnist"][0]
    assert data.load("mnist").train.flatten().tolist() == [i % 251 for i in range(TRAIN * 784)]


def test_a_download_that_breaks_off_is_refused_and_not_kept(name, server, cache):
    file = downloads.SOURCES[name].files[0].name
    server.broken.add(file)
    assert file in refusal(name)
    assert left(cache) == []
    server.broken.clear()
    assert len(data.load(name).train) > 0


def test_a_file_that_is_not_there_is_told(name, server):
    server.contents.clear()
    assert "(HTTPError 404)" in refusal(name)


def test_a_cache_that_cannot_be_written_is_told(server, cache, monkeypatch):
    cache.touch()  # a file where the folder should be
    assert f"(the cache {cache} cannot be written, " in refusal("mnist")
    cache.unlink()

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.move", full)
    assert "cannot be written, No space left on device)" in refusal("mnist")
    assert left(cache) == []


def test_without_a_network_one_sentence_names_the_set_to_use(name, cache, monkeypatch):
    monkeypatch.setenv("DGM_DATA", "http://127.0.0.1:9/")
    assert "http://127.0.0.1:9" in refusal(name)
    assert left(cache) == []


def test_an_address_of_another_kind_is_told(cache, monkeypatch):
    monkeypatch.setenv("DGM_DATA", "gopher://mnist/")
    assert "gopher" in refusal("mnist")


def test_mnist(server):
    mnist = data.load("mnist")
    assert mnist.train.shape == (TRAIN, 1, 28, 28) and mnist.test.shape == (TEST, 1, 28, 28)
    expected = torch.arange(TRAIN * 784) % 251
    assert torch.equal(mnist.train.flatten(), expected) and mnist.train.dtype == torch.uint8
    assert mnist.train_labels.tolist() == [0, 1, 2, 3, 4] and mnist.test_labels.dtype == torch.int64


def test_omniglot_is_read_in_fortran_order(server):
    characters = data.load("omniglot")
    assert characters.train.shape == (TRAIN, 1, 28, 28) and characters.test.shape == (TEST, 1, 28, 28)
    rows = (torch.arange(28.0) / 28)[:, None].expand(28, 28)
    torch.testing.assert_close(characters.train[1, 0], rows)
    assert characters.train_labels.tolist() == [0, 1, 2, 3, 4] and characters.test_labels.tolist() == [
        10,
        11,
        12,
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(omniglot(rows=700), "must contain 28×28 images"), (omniglot(top=2.0), r"must have values in \[0, 1\]")],
)
def test_what_omniglots_file_holds_is_verified(content, reason, server):
    server.contents["chardata.mat"] = content
    assert re.search(reason, refusal("omniglot"))


def test_omniglots_split_is_verified(server, monkeypatch):
    monkeypatch.setattr(downloads, "OMNIGLOT_SPLIT", (24_345, 8_070))
    assert "must be split into (24345, 8070) images, got (5, 3)" in refusal("omniglot")


@pytest.mark.parametrize(("name", "labels"), [("cifar10", ([1, 2, 3, 4, 5], [6, 7, 8])),
                                              ("cifar100", ([0, 1, 2, 3, 4], [90, 91, 92]))])  # fmt: skip
def test_cifar_has_planes_of_color_and_the_fine_label(name, labels, server):
    cifar = data.load(name)
    assert cifar.train.shape == (TRAIN, 3, 32, 32) and cifar.train.dtype == torch.uint8
    assert (cifar.train_labels.tolist(), cifar.test_labels.tolist()) == labels
    for images, numbers in ((cifar.train, labels[0]), (cifar.test, labels[1])):
        assert images[:, :, 5, 7].tolist() == [[number, 100, 200] for number in numbers]


def test_dsprites_splits_its_grid_without_unpickling(server):
    sprites = data.load("dsprites")
    assert (
        sprites.train.shape == (22, 1, 64, 64)
        and sprites.train.dtype == torch.uint8
        and len(sprites.test) == 2
    )
    assert data.intensities(sprites.train).unique().tolist() == [0, 1]
    rows = torch.cat([sprites.train, sprites.test])[:, 0, 0].float().argmax(dim=1)
    assert sorted(rows.tolist()) == list(range(24))  # no image in both splits, none lost
    values = torch.cat([sprites.train_factors, sprites.test_factors])
    assert torch.equal(downloads.DSPRITES_FACTORS.rows(values), rows)
    assert torch.equal(sprites.train_labels, sprites.train_factors[:, 0])


def test_dsprites_is_split_by_a_fixed_order(server, monkeypatch):
    monkeypatch.setattr(formats, "ROWS", 5)  # in five parts, the last of them short
    sprites = data.load("dsprites")
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    rows = [split[:, 0, 0].float().argmax(dim=1).tolist() for split in (sprites.test, sprites.train)]
    assert rows == [order[:2].tolist(), order[2:].tolist()]


def test_the_grid_of_dsprites_is_verified(server, monkeypatch):
    monkeypatch.setattr(downloads, "DSPRITES_FACTORS", Factors(("shape",), (23,)))
    assert "must contain 23 images, got 24" in refusal("dsprites")


@pytest.mark.parametrize(
    ("shape", "dtype"), [((24, 32, 32), np.uint8), ((24, 64, 64), np.float32)], ids=["size", "type"]
)
def test_what_dspritess_file_holds_is_verified(shape, dtype, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("DGM_DATA", str(tmp_path))
    (file,) = downloads.SOURCES["dsprites"].files
    content = dsprites(shape, dtype)
    (tmp_path / file.name).write_bytes(content)
    files = (dataclasses.replace(file, md5=hashlib.md5(content).hexdigest()),)
    monkeypatch.setitem(
        downloads.SOURCES, "dsprites", dataclasses.replace(downloads.SOURCES["dsprites"], files=files)
    )
    assert "must contain bytes of 64×64 images" in refusal("dsprites")


LOAD_DSPRITES = """
import sys
from pathlib import Path
import torch
from dgm_helpers.data import downloads
from dgm_helpers.data.factors import Factors

def peak():
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    return 1024 * int(line.split()[1])

downloads.DSPRITES_FACTORS = Factors(downloads.DSPRITES_FACTORS.names, (3, 6, 40, 8, 5))
downloads.fetch = lambda name: [Path(sys.argv[1])]
torch.randperm(9).argsort(), Factors(("shape",), (2,)).grid()  # what a first call imports is not counted
before = peak()
sprites = downloads.dsprites()
assert len(sprites.train) + len(sprites.test) == 28_800
print((peak() - before) / (28_800 * 64 * 64))
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="the peak of a process's memory is read from Linux's /proc"
)
def test_loading_dsprites_takes_little_more_memory_than_its_images(tmp_path):
    np.savez_compressed(tmp_path / "dsprites.npz", imgs=np.ones((28_800, 64, 64), np.uint8))
    arguments = [sys.executable, "-c", LOAD_DSPRITES, str(tmp_path / "dsprites.npz")]
    said = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    assert 0.9 < float(said) < 1.3  # 118 MB of images, some MB of factors and buffers; a copy would make it 2


def test_published_checksums_are_md5_sums():
    # A typing error would refuse the right file. For OMNIGLOT's file, no checksum is published.
    files = [file for key in NAMES for file in downloads.SOURCES[key].files]
    assert [file.name for file in files if file.md5 is None] == ["chardata.mat"]
    assert all(re.fullmatch(r"[0-9a-f]{32}", file.md5) for file in files if file.md5)


def test_what_to_use_instead_needs_no_network():
    assert {source.instead for source in downloads.SOURCES.values()} <= {*data.EMBEDDED, *data.RENDERED}
