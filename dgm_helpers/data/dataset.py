"""What every loader returns."""

from dataclasses import dataclass, replace

from jaxtyping import Float, Int, UInt8
from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """Images and labels in two disjoint splits, with where they come from.

    Attributes:
        name: as given to ``load``.
        train: images, shape ``[N, C, H, W]``: float32 in [0, 1], or what is downloaded as bytes as uint8, of which
            :func:`~dgm_helpers.data.intensities` makes float32; ``fit`` and ``evaluate`` do so batch by batch.
        train_labels: class of each training image.
        test: likewise, of images that are not in ``train``.
        test_labels: class of each test image.
        provenance: where the images come from and how they were split.
        licence: under which they may be used.
        train_factors: values of the factors that each training image was made from, where they are known.
        test_factors: those of each test image.
        held_out: which split ``test`` is: the test split, or the one of :meth:`validation`.
    """

    name: str
    train: Float[Tensor, "n channels height width"] | UInt8[Tensor, "n channels height width"]
    train_labels: Int[Tensor, " n"]
    test: Float[Tensor, "m channels height width"] | UInt8[Tensor, "m channels height width"]
    test_labels: Int[Tensor, " m"]
    provenance: str
    licence: str
    train_factors: Int[Tensor, "n factors"] | None = None
    test_factors: Int[Tensor, "m factors"] | None = None
    held_out: str = "test"

    def validation(self, n: int) -> "Dataset":
        """The training images alone, the last ``n`` of them held out in the place of the test images.

        For choosing settings: what was chosen by the test split is no longer measured by it. Nothing is copied. The
        last images are a random choice where the order is (embedded, rendered, dSprites); of MNIST and CIFAR they are
        those that papers hold out.

        Raises:
            ValueError: if none would be held out, or none left.
        """
        if not 0 < n < len(self.train):
            raise ValueError(
                f"{n:,} of the {len(self.train):,} training images of {self.name} cannot be held out"
            )
        rest, last = slice(None, -n), slice(-n, None)
        factors = self.train_factors
        return replace(
            self, train=self.train[rest], train_labels=self.train_labels[rest], test=self.train[last],
            test_labels=self.train_labels[last], train_factors=None if factors is None else factors[rest],
            test_factors=None if factors is None else factors[last], held_out="validation",
            provenance=f"{self.provenance}; of the training images the last {n:,} are a validation split",
        )  # fmt: skip

    def flat(
        self,
    ) -> tuple[
        Float[Tensor, "n pixels"] | UInt8[Tensor, "n pixels"],
        Float[Tensor, "m pixels"] | UInt8[Tensor, "m pixels"],
    ]:
        """Training and test images as vectors."""
        return self.train.flatten(1), self.test.flatten(1)

    def __repr__(self) -> str:
        shape = "×".join(str(size) for size in self.train.shape[1:])
        held_out = f"{len(self.test)} {self.held_out} images"
        return f"{self.name}: {len(self.train)} training and {held_out} of {shape}; {self.licence}"
