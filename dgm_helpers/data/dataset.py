"""The type that every loader returns."""

from dataclasses import dataclass, replace

from jaxtyping import Float, Int, UInt8
from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """Images and labels in two disjoint splits, with their origin.

    Attributes:
        name: the name given to ``load``.
        train: training images, shape ``[N, C, H, W]``: float32 in [0, 1], or uint8 if they are downloaded as bytes.
            :func:`~dgm_helpers.data.intensities` converts uint8 to float32; ``fit`` and ``evaluate`` do so batch by
            batch.
        train_labels: class of each training image.
        test: images of the same kind that are not in ``train``.
        test_labels: class of each test image.
        provenance: origin of the images, and how they were split.
        license: the license under which they may be used.
        train_factors: values of the factors that each training image was made from, if they are known.
        test_factors: values of the factors that each test image was made from, if they are known.
        held_out: name of the split in ``test``: ``"test"``, or ``"validation"`` after :meth:`validation`.
    """

    name: str
    train: Float[Tensor, "n channels height width"] | UInt8[Tensor, "n channels height width"]
    train_labels: Int[Tensor, " n"]
    test: Float[Tensor, "m channels height width"] | UInt8[Tensor, "m channels height width"]
    test_labels: Int[Tensor, " m"]
    provenance: str
    license: str
    train_factors: Int[Tensor, "n factors"] | None = None
    test_factors: Int[Tensor, "m factors"] | None = None
    held_out: str = "test"

    def validation(self, n: int) -> "Dataset":
        """Return only the training images, with the last ``n`` of them held out instead of the test images.

        Choose settings on this split: the test split no longer measures settings that were chosen on it. Nothing is
        copied. The last images are a random choice if the order is random (embedded, rendered, dSprites); for MNIST
        and CIFAR they are the ones that papers hold out.

        Raises:
            ValueError: if ``n`` is less than 1, or not less than the number of training images.
        """
        if not 0 < n < len(self.train):
            raise ValueError(
                f"n must be from 1 to {len(self.train) - 1:,}, one fewer than the training images of {self.name}, "
                f"got {n:,}"
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
        """Return training and test images as vectors."""
        return self.train.flatten(1), self.test.flatten(1)

    def __repr__(self) -> str:
        shape = "×".join(str(size) for size in self.train.shape[1:])
        held_out = f"{len(self.test)} {self.held_out} images"
        return f"{self.name}: {len(self.train)} training and {held_out} of {shape}; {self.license}"
