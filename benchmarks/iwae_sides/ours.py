"""This course's IWAE for `benchmarks/iwae.py`: the functions that both sides have."""

import torch

from dgm_helpers.kernels.memory import keep_freed_memory
from dgm_helpers.metrics.marginal_likelihood import marginal_log_likelihood
from dgm_helpers.models.iwae import IWAE

state = {}


def prepare(sizes, samples, batch, weights):
    """Build the model, its optimizer, and the images, which are the same on both sides."""
    keep_freed_memory()  # as `fit` does
    hidden, latent_dim = sizes
    model = IWAE(hidden=(tuple(hidden),), latent_dims=(latent_dim,), samples=samples)
    model.load_state_dict(torch.load(weights, weights_only=True))
    state["model"], state["optimizer"] = model, torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    state["images"] = (torch.rand(batch, 784, generator=torch.Generator().manual_seed(0)) < 0.2).float()
    torch.manual_seed(0)


def train(steps):
    """Make ``steps`` updates, and return the last one's loss."""
    for _ in range(steps):
        loss = state["model"].loss(state["images"])["loss"]
        state["optimizer"].zero_grad(set_to_none=True)
        loss.backward()
        state["optimizer"].step()
    return loss.item()


def evaluate(images, samples):
    """Return the mean log-likelihood of the first ``images`` images by ``samples`` importance samples each."""
    return marginal_log_likelihood(state["model"], state["images"][:images], samples).mean().item()
