"""What every loader returns."""

from dataclasses import dataclass

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
        return f"{self.name}: {len(self.train)} training and {len(self.test)} test images of {shape}; {self.licence}"
