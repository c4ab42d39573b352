"""This course's FactorVAE and convolutional β-VAE for `benchmarks/disentangling.py`."""

import torch
from allocations import peak_mib

from dgm_helpers.kernels.memory import keep_freed_memory
from dgm_helpers.models.beta_vae import BetaVAE
from dgm_helpers.models.factor_vae import FactorVAE
from dgm_helpers.training import optimizers

state = {}
KINDS = {"factor_vae": FactorVAE, "beta_vae": BetaVAE}


def prepare(kind, config, batch, learning_rate):
    """Build the model, its optimizer, and the images, which are the same on both sides."""
    keep_freed_memory()  # as `fit` does
    torch.manual_seed(0)
    model = KINDS[kind](**config)
    state["model"] = model
    state["optimizer"] = optimizers.build(model, learning_rate)
    size = config["image_size"]
    state["images"] = (
        torch.rand(batch, 1, size, size, generator=torch.Generator().manual_seed(0)) < 0.1
    ).float()
    return sum(parameter.numel() for parameter in model.parameters())


def train(steps):
    """Make ``steps`` updates, and return the last one's loss."""
    for _ in range(steps):
        loss = state["model"].loss(state["images"])["loss"]
        state["optimizer"].zero_grad(set_to_none=True)
        loss.backward()
        state["optimizer"].step()
    return loss.item()


def memory():
    """Return the peak memory of one update's tensors, in MiB, beyond model, moments and images."""
    state["optimizer"].zero_grad(set_to_none=True)
    return peak_mib(lambda: train(1))
