"""The shared parts of the autoregressive image models: loss and sampling given a class, and checks of their input."""

import math
from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from dgm_helpers.kernels import plain
from dgm_helpers.objectives.pixel_levels import draw_uniforms


class ConditionalImages(ABC):
    """Autoregressive model of square images, conditional if it has classes; a subclass defines density and drawing.

    Attributes:
        image_shape: channels, height and width of sampled images.
        levels: number of values of a sub-pixel, stored as k / (levels - 1).
        classes: number of classes; 0 for an unconditional model.
        output: the last layer.
        extra_uniforms: number of uniform numbers per pixel beyond one per channel.
    """

    image_shape: tuple[int, int, int]
    levels: int
    classes: int
    output: nn.Module
    extra_uniforms = 0

    @abstractmethod
    def log_prob(
        self,
        x: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, " batch"]:
        """Return log p(x), or log p(x|label), in nats."""

    @abstractmethod
    def draw(
        self,
        uniforms: Float[Tensor, "batch numbers height width"],
        label: Int[Tensor, " batch"] | None,
        *,
        cached: bool,
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the images that uniform numbers turn into."""

    def loss(
        self,
        batch: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"] | None = None,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """Return the mean of -log p(x), in nats, and the same in bits per dimension."""
        return likelihood_loss(self.log_prob(batch, label, generator), batch)

    @torch.no_grad()
    def sample(
        self,
        n: int,
        label: int | Int[Tensor, "{n}"] | None = None,
        generator: torch.Generator | None = None,
        *,
        cached: bool = True,
    ) -> Float[Tensor, "{n} channels height width"]:
        """Draw ``n`` images.

        Args:
            n: number of images.
            label: class of all images, or of each; None for an unconditional model.
            generator: draws the uniform numbers, all at the start.
            cached: evaluate only what a new pixel changes. Otherwise each pixel costs a pass over the image; the images
                are the same up to rounding, which decides where a uniform number falls next to a probability.

        Raises:
            ValueError: if a label is missing, or is not one of the classes, or is given to an unconditional model.
        """
        like, (channels, height, width) = self.output.bias, self.image_shape
        label = labels_of_all(label, n, like.device)
        require_label(label, self.classes, n)
        uniforms = draw_uniforms((n, channels + self.extra_uniforms, height, width), like, generator)
        return self.draw(uniforms, label, cached=cached and not plain())


def require_levels(levels: int) -> None:
    """Refuse fewer than two levels with a ValueError."""
    if levels < 2:
        raise ValueError(f"levels must be at least 2, got {levels}")


def require_channels(x: Tensor, channels: int) -> None:
    """Refuse with a ValueError anything but a batch of images of floats with this number of channels."""
    if x.ndim != 4 or not x.is_floating_point():
        raise ValueError(
            f"images must be floats of shape [batch, {channels}, height, width], got {x.dtype} {list(x.shape)}"
        )
    if x.shape[1] != channels:
        raise ValueError(f"images must have {channels} channels, got {x.shape[1]}")


def require_label(label: Tensor | None, classes: int, batch: int) -> None:
    """Refuse with a ValueError a label that is missing, given to an unconditional model, or not one of the classes.

    Args:
        label: a whole number for each image, or None.
        classes: number of classes; 0 for an unconditional model.
        batch: number of images.
    """
    if (label is None) != (classes == 0):
        problem = "needs a label for each image" if classes else "is unconditional: it takes no labels"
        raise ValueError(f"this model {problem}")
    if label is None:
        return
    if label.shape != (batch,) or label.dtype not in (torch.int64, torch.int32):
        raise ValueError(
            f"label must have shape [{batch}] and an integer dtype, got {list(label.shape)} and {label.dtype}"
        )
    if bool(((label < 0) | (label >= classes)).any()):
        raise ValueError(f"labels must be classes from 0 to {classes - 1}; at least one is not")


def labels_of_all(
    label: int | Int[Tensor, "{n}"] | None, n: int, device: torch.device
) -> Int[Tensor, "{n}"] | None:
    """Return the label of each of ``n`` images, from one for all or one for each; None without labels."""
    if label is None:
        return None
    label = torch.as_tensor(label, device=device)
    return label.expand(n) if label.ndim == 0 else label


def likelihood_loss(
    log_prob: Float[Tensor, " batch"], batch: Float[Tensor, "batch channels height width"]
) -> dict[str, Float[Tensor, ""]]:
    """Return the mean of -log p(x) over a batch, in nats per image, and the same in bits per dimension."""
    loss = -log_prob.mean()
    return {"loss": loss, "bits_per_dim": loss.detach() / (batch[0].numel() * math.log(2))}
