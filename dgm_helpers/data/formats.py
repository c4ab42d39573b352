"""Readers for the file formats of downloaded data sets, without pickle."""

import gzip
import io
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

OMNIGLOT_ALPHABETS = 50
GZIP_MAGIC = b"\x1f\x8b"
GZIP_ERRORS = (EOFError, gzip.BadGzipFile, zlib.error)
ROWS = 1024  # images unpacked at a time: 4 MiB of 64×64


def open_contents(path: Path) -> io.BufferedIOBase:
    """Open a file for reading, and decompress it while reading if it is gzipped, whatever its name.

    Reading raises one of ``GZIP_ERRORS`` if the compressed file is damaged or ends too early.
    """
    with path.open("rb") as stream:
        gzipped = stream.read(2) == GZIP_MAGIC
    return gzip.open(path) if gzipped else path.open("rb")


def read_idx(path: Path) -> np.ndarray:
    """Return the bytes in an IDX file, the format of MNIST (magic, sizes, values), gzipped or not."""
    with open_contents(path) as stream:
        content = stream.read()
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", count=dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


def read_cifar(path: Path, members: tuple[str, ...], label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """Read images ``[N, 3, 32, 32]`` of bytes, and labels, from members of CIFAR's archive (binary version).

    A record is ``label_bytes`` labels, of which the last is the finest, and 3,072 bytes: red, green and blue planes,
    row by row. Members are read in place: nothing is unpacked to disk.
    """
    with tarfile.open(path, "r:gz") as archive:
        content = b"".join(archive.extractfile(name).read() for name in members)
    records = np.frombuffer(content, np.uint8).reshape(-1, label_bytes + 3 * 32 * 32)
    return records[:, label_bytes:].reshape(-1, 3, 32, 32).copy(), records[:, label_bytes - 1].astype(
        np.int64
    )


def read_omniglot(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read training images and alphabets, test images and alphabets of OMNIGLOT as Burda et al. (2016) prepared it.

    The MATLAB file has one column of 784 numbers in [0, 1] per image, column by column (Fortran order).

    Raises:
        ValueError: if the file is not a MATLAB file, or if its arrays are not the expected ones.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        arrays = loadmat(path, variable_names=["data", "target", "testdata", "testtarget"])
    except (
        MatReadError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        NotImplementedError,
        zlib.error,
    ) as error:
        # The type of scipy's exception depends on where the file is damaged.
        raise ValueError(
            f"{path} must be a MATLAB file, but cannot be read as one ({type(error).__name__})"
        ) from error
    parts = []
    for images, alphabets in (("data", "target"), ("testdata", "testtarget")):
        pixels, classes = arrays.get(images), arrays.get(alphabets)
        if (
            pixels is None
            or classes is None
            or pixels.shape[0] != 28 * 28
            or len(classes) != OMNIGLOT_ALPHABETS
        ):
            raise ValueError(
                f"{path} must contain 28×28 images {images!r} and their 50 alphabets {alphabets!r}"
            )
        if pixels.min() < 0 or pixels.max() > 1 or pixels.shape[1] != classes.shape[1]:
            raise ValueError(f"{path} must have values in [0, 1] in {images!r}, and one alphabet per image")
        pictures = pixels.T.reshape(-1, 28, 28).transpose(0, 2, 1)
        parts += [np.ascontiguousarray(pictures, dtype=np.float32), classes.argmax(axis=0)]
    return tuple(parts)


def read_dsprites(path: Path, places: np.ndarray) -> np.ndarray:
    """Read images ``[737280, 64, 64]`` with 1 scaled to 255; row i of the factors' grid has its image at ``places[i]``.

    The images are unpacked in chunks, each directly to its place, so that no second copy of the array is made. The
    file's metadata are pickled, and are not read.

    Args:
        path: path of the npz archive.
        places: position of each image in the result, a permutation of 0, 1, ….

    Raises:
        ValueError: if the archive does not contain ``len(places)`` images of 64×64 bytes.
    """
    with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as stream:
        version = np.lib.format.read_magic(stream)
        read_header = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
        shape, fortran_order, dtype = read_header(stream)
        if dtype != np.uint8 or fortran_order or shape[1:] != (64, 64):
            raise ValueError(f"{path} must contain bytes of 64×64 images, got {dtype} of shape {shape}")
        if shape[0] != len(places):
            raise ValueError(f"{path} must contain {len(places)} images, got {shape[0]}")
        images = np.empty(shape, np.uint8)
        for chunk in np.split(places, range(ROWS, len(places), ROWS)):
            content = stream.read(chunk.size * 64 * 64)
            images[chunk] = np.frombuffer(content, np.uint8).reshape(-1, 64, 64) * np.uint8(255)
    return images
