"""Tiny files in the formats of the data sets that are downloaded."""

import gzip
import io
import struct
import tarfile

import numpy as np
import pytest
from scipy.io import savemat

TRAIN, TEST = 5, 3


def idx(*shape: int) -> bytes:
    """Return an IDX file of bytes 0, 1, 2, …, not compressed."""
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    return header + bytes((np.arange(np.prod(shape)) % 251).tolist())


def cifar_records(n: int, label_bytes: int, start: int) -> bytes:
    """Records whose finest label is their number, and whose red plane is it too; green and blue are 100 and 200."""
    planes = [bytes([start + i]) * 1024 + bytes([100]) * 1024 + bytes([200]) * 1024 for i in range(n)]
    return b"".join(bytes([77] * (label_bytes - 1) + [start + i]) + planes[i] for i in range(n))


def archive(members: dict[str, bytes]) -> bytes:
    """Return a gzipped tar archive of the members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def omniglot(rows: int = 784, top: float = 1.0) -> bytes:
    """Columns of 784 numbers: the pixel at row r and column c of image i stands at 28 c + r, and is r / 28 there."""
    picture = np.tile(np.arange(28) / 28 * top, 28)[:rows, None]
    buffer = io.BytesIO()
    savemat(buffer, {
        "data": np.repeat(picture, TRAIN, axis=1), "target": np.eye(50)[:, :TRAIN],
        "testdata": np.repeat(picture, TEST, axis=1), "testtarget": np.eye(50)[:, 10 : 10 + TEST],
    })  # fmt: skip
    return buffer.getvalue()


def dsprites(shape: tuple[int, ...] = (24, 64, 64), dtype: type = np.uint8) -> bytes:
    """Image i has one pixel of 1, at column i of its first row; with metadata that only pickle could read."""
    buffer = io.BytesIO()
    images = np.zeros(shape, dtype)
    images[np.arange(24), 0, np.arange(24)] = 1
    np.savez_compressed(buffer, imgs=images, metadata=np.array({"needs": "pickle"}, dtype=object))
    return buffer.getvalue()


MNIST = [idx(TRAIN, 28, 28), idx(TRAIN), idx(TEST, 28, 28), idx(TEST)]  # decompressed
FILES = {
    "mnist": [gzip.compress(content, mtime=0) for content in MNIST],
    "omniglot": [omniglot()],
    "cifar10": [archive({**{f"cifar-10-batches-bin/data_batch_{k}.bin": cifar_records(1, 1, k) for k in range(1, 6)},
                         "cifar-10-batches-bin/test_batch.bin": cifar_records(TEST, 1, 6)})],
    "cifar100": [archive({"cifar-100-binary/train.bin": cifar_records(TRAIN, 2, 0),
                          "cifar-100-binary/test.bin": cifar_records(TEST, 2, 90)})],
    "dsprites": [dsprites()],
}  # fmt: skip


def published(name: str) -> list[bytes]:
    """Return the bytes whose checksums are published: MNIST's decompressed contents, otherwise the files."""
    return MNIST if name == "mnist" else FILES[name]


def refusal(name: str) -> str:
    """Load a data set, which must fail, and return the one sentence that says why."""
    from dgm_helpers import data
    from dgm_helpers.data import downloads

    with pytest.raises(ConnectionError) as error:
        data.load(name)
    source, message = downloads.SOURCES[name], str(error.value)
    assert message.startswith(f"{source.title} cannot be loaded: ") and "\n" not in message
    assert f'load("{source.instead}")' in message and "DGM_DATA" in message
    return message
