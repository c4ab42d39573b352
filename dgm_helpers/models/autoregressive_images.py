"""What the autoregressive models of images have in common: what they refuse, their labels, and their loss."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def require_levels(levels: int) -> None:
    """Refuse fewer than two levels with a ValueError."""
    if levels < 2:
        raise ValueError(f"a pixel of {levels} levels has nothing to model: give at least 2")


def require_channels(x: Float[Tensor, "batch channels height width"], channels: int) -> None:
    """Refuse images of another number of channels than the model's with a ValueError."""
    if x.shape[1] != channels:
        raise ValueError(f"this model takes images of {channels} channels, not {x.shape[1]}")


def require_label(label: Int[Tensor, " batch"] | None, classes: int) -> None:
    """Refuse a label that is missing, or given to an unconditional model, with a ValueError."""
    if (label is None) != (classes == 0):
        problem = "needs a label for each image" if classes else "is unconditional: it takes no labels"
        raise ValueError(f"this model {problem}")


def labels_of_all(
    label: int | Int[Tensor, "{n}"] | None, n: int, device: torch.device
) -> Int[Tensor, "{n}"] | None:
    """The label of each of ``n`` images, of one for all or one for each; None without labels."""
    return None if label is None else torch.as_tensor(label, device=device).expand(n)


def likelihood_loss(
    log_prob: Float[Tensor, " batch"], batch: Float[Tensor, "batch channels height width"]
) -> dict[str, Float[Tensor, ""]]:
    """Mean of -log p(x) over a batch, in nats an image, and the same in bits per dimension."""
    loss = -log_prob.mean()
    return {"loss": loss, "bits_per_dim": loss.detach() / (batch[0].numel() * math.log(2))}
