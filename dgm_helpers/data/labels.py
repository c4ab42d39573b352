"""Labels beside images, for the loop that hands a model one tensor of data."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor


def labelled(
    images: Float[Tensor, "n channels height width"], labels: Int[Tensor, " labels"]
) -> Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]]:
    """A transform that turns indices into images and their labels.

    A classifier's ``loss`` takes both: ``fit(model, torch.arange(len(images)), transform=labelled(images, labels))``.

    Raises:
        ValueError: if there are not as many labels as images.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images have no {len(labels)} labels")

    def look_up(index: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        # The loop hands over data in the model's dtype; float32 counts exactly up to 16 million.
        rows = index.long().to(images.device)
        return images[rows].to(index), labels[rows].to(index.device)

    return look_up
