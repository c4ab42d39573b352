"""pythae's IWAE for `benchmarks/iwae.py`: the functions that both sides have, with the same networks and weights."""

from itertools import pairwise

import torch
from pythae.models import IWAE, IWAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from torch import nn

state = {}


def perceptron(*sizes):
    """Linear layers with tanh between them."""
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


class Encoder(BaseEncoder):
    """Encoder that computes mean and log-variance with one network, as on our side."""

    def __init__(self, sizes):
        super().__init__()
        self.network = perceptron(*sizes)

    def forward(self, x):
        mean, log_sigma = self.network(x).chunk(2, dim=-1)
        return ModelOutput(embedding=mean, log_covariance=2 * log_sigma)


class Decoder(BaseDecoder):
    """Decoder that returns probabilities of the pixels, as pythae's likelihood expects."""

    def __init__(self, sizes):
        super().__init__()
        self.network = perceptron(*sizes)

    def forward(self, z):
        return ModelOutput(reconstruction=self.network(z).sigmoid())


def prepare(sizes, samples, batch, weights):
    """Build the model, its optimizer, and the images, which are the same on both sides."""
    hidden, latent_dim = sizes
    config = IWAEConfig(
        input_dim=(784,), latent_dim=latent_dim, reconstruction_loss="bce", number_samples=samples
    )
    encoder, decoder = Encoder([784, *hidden, 2 * latent_dim]), Decoder([latent_dim, *hidden[::-1], 784])
    model = IWAE(config, encoder, decoder)
    saved = torch.load(weights, weights_only=True)
    model.load_state_dict({name.replace("coder.", "coder.network."): value for name, value in saved.items()})
    state["model"], state["optimizer"] = model, torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    state["images"] = (torch.rand(batch, 784, generator=torch.Generator().manual_seed(0)) < 0.2).float()
    torch.manual_seed(0)


def train(steps):
    """Make ``steps`` updates as `BaseTrainer` does, and return the last one's loss."""
    for _ in range(steps):
        loss = state["model"]({"data": state["images"]}).loss
        state["optimizer"].zero_grad()
        loss.backward()
        state["optimizer"].step()
    return loss.item()


def evaluate(images, samples):
    """Return the mean log-likelihood by pythae's `get_nll`, with its default number of samples at a time."""
    return float(state["model"].get_nll(state["images"][:images], n_samples=samples))
