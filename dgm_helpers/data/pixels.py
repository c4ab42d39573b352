"""Bytes of images as numbers."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def intensities(
    images: Shaped[Tensor, "*shape"], dtype: torch.dtype = torch.float32
) -> Float[Tensor, "*shape"]:
    """Return images in [0, 1] from bytes (uint8), of which 255 is white; other numbers keep their values.

    Data sets keep bytes, which take a quarter of float32's memory. Convert one batch at a time, where it is used.
    """
    return images.to(dtype) / 255 if images.dtype == torch.uint8 else images.to(dtype)
