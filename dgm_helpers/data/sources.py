"""Files of the data sets that are downloaded: names, checksums and addresses."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Attributes:
        name: published name.
        md5: published checksum in hexadecimal; None if none is published, and the loader checks the contents instead.
        gzipped: whether the file is published gzipped and ``md5`` is the checksum of its decompressed contents. Such a
            file may be compressed in any way that gzip can read, or not at all.
    """

    name: str
    md5: str | None
    gzipped: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names under which the file is searched for in a folder, the published one first.

        Some copies of MNIST have a dot before ``idx``, and many programs remove ``.gz``.
        """
        if not self.gzipped:
            return (self.name,)
        plain = self.name.removesuffix(".gz")
        dotted = plain.replace("-idx", ".idx")
        return (f"{plain}.gz", plain, f"{dotted}.gz", dotted)


@dataclass(frozen=True)
class Source:
    """The origin of a data set's files.

    Attributes:
        title: name of the data set in messages.
        address: URL of the folder that contains the files.
        files: all of them, in the order in which the loader needs them.
        instead: data set to use without a network.
    """

    title: str
    address: str
    files: tuple[File, ...]
    instead: str


# Only MNIST's checksums refer to decompressed contents. For CIFAR and dSprites, only checksums of the archives are
# published; for OMNIGLOT's file, no checksum is.
SOURCES = {
    "mnist": Source("full MNIST", "https://ossci-datasets.s3.amazonaws.com/mnist", (
        File("train-images-idx3-ubyte.gz", "6bbc9ace898e44ae57da46a324031adb", gzipped=True),
        File("train-labels-idx1-ubyte.gz", "a25bea736e30d166cdddb491f175f624", gzipped=True),
        File("t10k-images-idx3-ubyte.gz", "2646ac647ad5339dbf082846283269ea", gzipped=True),
        File("t10k-labels-idx1-ubyte.gz", "27ae3e4e09519cfbb04c329615203637", gzipped=True),
    ), "mnist_10k"),
    "omniglot": Source("OMNIGLOT", "https://github.com/yburda/iwae/raw/master/datasets/OMNIGLOT", (
        File("chardata.mat", None),
    ), "mnist_10k"),
    "cifar10": Source("CIFAR-10", "https://www.cs.toronto.edu/~kriz", (
        File("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
    ), "digits"),
    "cifar100": Source("CIFAR-100", "https://www.cs.toronto.edu/~kriz", (
        File("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"),
    ), "digits"),
    "dsprites": Source("dSprites", "https://github.com/google-deepmind/dsprites-dataset/raw/master", (
        File("dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz", "7da33b31b13a06f4b04a70402ce90c2e"),
    ), "sprites"),
}  # fmt: skip
