"""pythae's FactorVAE and β-VAE for `benchmarks/disentangling.py`, with the same networks."""

from itertools import pairwise

import torch
from allocations import peak_mib
from pythae.models import BetaVAE, BetaVAEConfig, FactorVAE, FactorVAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from torch import nn

state = {}


class Encoder(BaseEncoder):
    """Encoder that computes mean and log-variance with one network, as on our side."""

    def __init__(self, size, maps, hidden, latent_dim):
        super().__init__()
        layers = []
        for inputs, outputs in pairwise((1, *maps)):
            layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.ReLU()]
        layers.append(nn.Flatten())
        for inputs, outputs in pairwise((maps[-1] * (size >> len(maps)) ** 2, *hidden)):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.network = nn.Sequential(*layers, nn.Linear(hidden[-1], 2 * latent_dim))

    def forward(self, x):
        mean, log_variance = self.network(x).chunk(2, dim=-1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """Decoder that returns probabilities of the pixels, as pythae's likelihood expects."""

    def __init__(self, size, maps, hidden, latent_dim):
        super().__init__()
        small = size >> len(maps)
        layers = []
        for inputs, outputs in pairwise((latent_dim, *reversed(hidden), maps[-1] * small**2)):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        layers.append(nn.Unflatten(1, (maps[-1], small, small)))
        for inputs, outputs in pairwise((*reversed(maps), 1)):
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), nn.ReLU()]
        self.network = nn.Sequential(*layers[:-1], nn.Sigmoid())

    def forward(self, z):
        return ModelOutput(reconstruction=self.network(z))


def prepare(kind, config, batch, learning_rate):
    """Build the model, its optimizers, and the images, which are the same on both sides."""
    torch.manual_seed(0)
    size, latent_dim = config["image_size"], config["latent_dim"]
    networks = [kind_of(size, config["maps"], config["hidden"], latent_dim) for kind_of in (Encoder, Decoder)]
    common = {"input_dim": (1, size, size), "latent_dim": latent_dim, "reconstruction_loss": "bce"}
    if kind == "factor_vae":
        model = FactorVAE(FactorVAEConfig(**common, gamma=config["gamma"]), *networks)
        groups = [
            [*model.encoder.parameters(), *model.decoder.parameters()],
            list(model.discriminator.parameters()),
        ]
    else:
        model = BetaVAE(BetaVAEConfig(**common, beta=config["beta"]), *networks)
        groups = [list(model.parameters())]
    state["model"] = model
    state["optimizers"] = [torch.optim.Adam(group, lr=learning_rate, fused=True) for group in groups]
    state["images"] = (
        torch.rand(batch, 1, size, size, generator=torch.Generator().manual_seed(0)) < 0.1
    ).float()
    return sum(parameter.numel() for parameter in model.parameters())


def train(steps):
    """Make ``steps`` updates as `BaseTrainer` and `AdversarialTrainer` do, and return the last one's loss."""
    for _ in range(steps):
        output = state["model"]({"data": state["images"]})
        if len(state["optimizers"]) == 1:
            state["optimizers"][0].zero_grad()
            output.loss.backward()
        else:
            autoencoder, discriminator = state["optimizers"]
            autoencoder.zero_grad()
            output.autoencoder_loss.backward(retain_graph=True)
            discriminator.zero_grad()
            output.discriminator_loss.backward(retain_graph=True)
        for optimizer in state["optimizers"]:
            optimizer.step()
    return output.loss.item()


def memory():
    """Return the peak memory of one update's tensors, in MiB, beyond model, moments and images."""
    for optimizer in state["optimizers"]:
        optimizer.zero_grad(set_to_none=True)
    return peak_mib(lambda: train(1))
