"""The shared parts of RevNet and i-RevNet: a classifier on top of feature maps, and pre-activated convolutions."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


class ImageClassifier(nn.Module, ABC):
    """A classifier of images; a subclass defines :meth:`encode` and the two layers that read the last feature maps.

    Attributes:
        norm: normalization of the last feature maps.
        classifier: linear layer from their means over the image to a logit per class.
    """

    norm: nn.BatchNorm2d
    classifier: nn.Linear

    @abstractmethod
    def encode(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features less_high less_wide"]:
        """Return the last feature maps."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the logits of the classes."""
        return self.classifier(F.relu(self.norm(self.encode(x))).mean(dim=(2, 3)))

    def loss(
        self,
        batch: Float[Tensor, "batch channels height width"],
        label: Int[Tensor, " batch"],
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """Return the cross-entropy in nats, in at least float32, and the accuracy: averages over the batch."""
        logits = self(batch)
        logits = logits if logits.dtype == torch.float64 else logits.float()
        accuracy = (logits.argmax(dim=1) == label).to(logits.dtype).mean()
        return {"loss": F.cross_entropy(logits, label), "accuracy": accuracy}


def preactivated(inputs: int, outputs: int, size: int, stride: int = 1) -> list[nn.Module]:
    """Return batch normalization, ReLU and a convolution without a bias that keeps height and width at stride 1."""
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return [nn.BatchNorm2d(inputs), nn.ReLU(), convolution]
