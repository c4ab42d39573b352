"""Train one model of a family plainly and compiled, and print how far the two are apart: `python compiled.py NICE`.

In a process of its own: the checks of shapes at run time, which the tests switch on, cannot be compiled.
"""

import json
import sys

import torch

from dgm_helpers import data
from dgm_helpers.models.factor_vae import FactorVAE
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.nice import NICE
from dgm_helpers.models.revnet import RevNet
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import fit

MODELS = {
    "NICE": lambda: NICE(data_dim=64, hidden=(8,), couplings=3),
    "VAE": lambda: VAE(data_dim=64, latent_dim=2, hidden=(8,)),
    "GatedPixelCNN": lambda: GatedPixelCNN(image_size=8, levels=17, channels=4, layers=1),
    "RevNet": lambda: RevNet(image_channels=1, units=(1,), channels=(4, 4), strides=(1,)),
    "GAN": lambda: GAN(data_shape=(1, 8, 8), noise_dim=3, channels=(4,), hidden=(6,)),
    "FactorVAE": lambda: FactorVAE(
        image_size=8, maps=(4,), hidden=(6,), latent_dim=2, discriminator_hidden=(5,)
    ),
}


def main(name: str) -> None:
    torch.set_num_threads(1)
    digits, losses, states = data.load("digits"), [], []
    for compile in (False, True):
        torch.manual_seed(0)
        model = MODELS[name]()
        labels = digits.train_labels[:16] if name == "RevNet" else None
        history = fit(
            model, digits.train[:16], labels=labels, steps=4, batch_size=8, log_every=1, compile=compile
        )
        losses.append(torch.tensor(history["loss"]))
        states.append(model.state_dict())
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    print(json.dumps({"graphs": graphs, "keys": list(states[0]) == list(states[1]), "plain": losses[0].tolist(),
                      "compiled": losses[1].tolist()}))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
