"""What models can do is seen by protocols, not by probing for attributes."""

import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

import dgm_helpers
from dgm_helpers.models import protocol
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.nice import NICE
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import registry

KINDS = sorted({entry.kind for entry in registry.entries()}, key=lambda kind: kind.__name__)
CAN = {
    VAE: {
        "Model",
        "HasBound",
        "Samples",
        "Encodes",
        "Decodes",
        "Reconstructs",
        "ImportanceSamples",
        "HasConfig",
    },
    NICE: {"Model", "HasDensity", "Samples", "Encodes", "Decodes", "HasConfig"},
    GatedPixelCNN: {"Model", "HasDensity", "Samples", "HasConfig"},
    nn.Linear: set(),
}
PROTOCOLS = {
    name: kind for name, kind in vars(protocol).items()
    if inspect.isclass(kind) and kind.__module__ == protocol.__name__
}  # fmt: skip


@pytest.mark.parametrize("kind", CAN, ids=lambda kind: kind.__name__)
def test_a_class_has_exactly_the_protocols_that_it_should(kind):
    model = nn.Linear(4, 4) if kind is nn.Linear else kind()
    assert {name for name, can in PROTOCOLS.items() if isinstance(model, can)} == CAN[kind]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_model_can_be_trained_and_takes_the_generator_by_name(kind):
    assert issubclass(kind, protocol.Model)
    for name in ("loss", "sample", "bound"):
        method = getattr(kind, name, None)
        assert method is None or "generator" in inspect.signature(method).parameters


def test_samples_are_drawn_by_the_named_generator():
    model = VAE(data_dim=4, latent_dim=2, hidden=(3,))
    first, second = (model.sample(5, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and not isinstance(
        LinearVAE(data_dim=3, latent_dim=2), protocol.HasLandmarks
    )


def test_metrics_and_training_ask_no_model_for_attributes_by_name():
    package = Path(dgm_helpers.__file__).parent
    asking = [
        path.name for folder in ("metrics", "training") for path in (package / folder).glob("*.py")
        if "hasattr(model" in path.read_text() or "hasattr(self.model" in path.read_text()
    ]  # fmt: skip
    assert asking == []
