"""Conversion of images of bytes to numbers in [0, 1]."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def intensities(
    images: Shaped[Tensor, "*shape"], dtype: torch.dtype = torch.float32
) -> Float[Tensor, "*shape"]:
    """Convert images of bytes (uint8, 255 is white) to numbers in [0, 1]; other numbers keep their values.

    Data sets keep bytes, which need a quarter of float32's memory. Convert one batch at a time, where it is used.
    """
    return images.to(dtype) / 255 if images.dtype == torch.uint8 else images.to(dtype)
