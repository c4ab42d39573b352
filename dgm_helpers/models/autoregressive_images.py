"""What the autoregressive models of images have in common: what they refuse, their labels, and their loss."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def require_levels(levels: int) -> None:
    """Refuse fewer than two levels with a ValueError."""
    if levels < 2:
        raise ValueError(f"a pixel of {levels} levels has nothing to model: give at least 2")


def require_channels(x: Tensor, channels: int) -> None:
    """Refuse with a ValueError what is no batch of images of floats, or has another number of channels."""
    if x.ndim != 4 or not x.is_floating_point():
        raise ValueError(
            f"this model takes images of floats [batch, {channels}, height, width], not {x.dtype} {list(x.shape)}"
        )
    if x.shape[1] != channels:
        raise ValueError(f"this model takes images of {channels} channels, not {x.shape[1]}")


def require_label(label: Tensor | None, classes: int, batch: int) -> None:
    """Refuse with a ValueError a label that is missing, or given to an unconditional model, or is none of the classes.

    Args:
        label: a whole number for each image, or None.
        classes: that there are; 0 for an unconditional model.
        batch: number of images.
    """
    if (label is None) != (classes == 0):
        problem = "needs a label for each image" if classes else "is unconditional: it takes no labels"
        raise ValueError(f"this model {problem}")
    if label is None:
        return
    if label.shape != (batch,) or label.dtype not in (torch.int64, torch.int32):
        raise ValueError(
            f"{batch} images need as many labels, whole numbers in one row, not {label.dtype} {list(label.shape)}"
        )
    if bool(((label < 0) | (label >= classes)).any()):
        raise ValueError(f"a label is a class from 0 to {classes - 1}: one is not")


def labels_of_all(
    label: int | Int[Tensor, "{n}"] | None, n: int, device: torch.device
) -> Int[Tensor, "{n}"] | None:
    """The label of each of ``n`` images, of one for all or one for each; None without labels."""
    if label is None:
        return None
    label = torch.as_tensor(label, device=device)
    return label.expand(n) if label.ndim == 0 else label


def likelihood_loss(
    log_prob: Float[Tensor, " batch"], batch: Float[Tensor, "batch channels height width"]
) -> dict[str, Float[Tensor, ""]]:
    """Mean of -log p(x) over a batch, in nats an image, and the same in bits per dimension."""
    loss = -log_prob.mean()
    return {"loss": loss, "bits_per_dim": loss.detach() / (batch[0].numel() * math.log(2))}
