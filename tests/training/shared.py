"""What a process of two does when torchrun starts it: `torchrun --nproc-per-node 2 shared.py FOLDER`.

It trains a model of each family on its share of the batches, in one go and with a stop, and writes the results.
"""

import os
import sys
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist

from dgm_helpers import data
from dgm_helpers.models.factor_vae import FactorVAE
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.nice import NICE
from dgm_helpers.models.pixelcnn_pp import PixelCNNPP
from dgm_helpers.models.revnet import RevNet
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import fit


class Dropped(torch.nn.Module):
    """The mean square of what dropout leaves of one weight for each pixel; keeps the masks that it saw."""

    def __init__(self):
        super().__init__()
        self.weight, self.dropout, self.masks = torch.nn.Parameter(torch.ones(64)), torch.nn.Dropout(0.5), []

    def loss(self, batch, generator=None):
        kept = self.dropout(self.weight.expand(len(batch), -1))
        self.masks.append(kept.detach() != 0)
        return {"loss": (kept - batch.flatten(1)).square().mean()}


IMAGES = data.load("digits").train[:24]
LABELS = data.load("digits").train_labels[:24]
MODELS = {
    "VAE": lambda: VAE(data_dim=64, latent_dim=2, hidden=(8,)),
    "GatedPixelCNN": lambda: GatedPixelCNN(image_size=8, levels=17, channels=4, layers=2),
    "NICE": lambda: NICE(data_dim=64, hidden=(8,), couplings=3, levels=17),
    "RevNet": lambda: RevNet(image_channels=1, units=(1,), channels=(4, 4), strides=(1,)),
    # Two players in one loss: a process must not mix up which gradients it exchanges for whom.
    "GAN": lambda: GAN(data_shape=(1, 8, 8), noise_dim=3, channels=(4,), hidden=(6,), normalize="none"),
    "FactorVAE": lambda: FactorVAE(
        image_size=8, maps=(4,), hidden=(6,), latent_dim=2, discriminator_hidden=(5,)
    ),
    "PixelCNN++": lambda: PixelCNNPP(image_size=8, image_channels=1, levels=17, channels=4, blocks=1, scales=2,
                                     mixtures=2, dropout=0.0),
    # Its masks come from torch's global generator, which both processes seeded alike.
    "dropout": lambda: Dropped(),
}  # fmt: skip
OPTIONS = {"batch_size": 8, "log_every": 1, "seed": 3, "learning_rate": 1e-2}


def halved(steps: int, passes: float) -> float:
    """A schedule: half of the learning rate with each pass, the last of five steps' at 1/4 of the first's."""
    return 0.5 ** int(passes)


MORE = {
    "RevNet": {"weight_average": 0.9},
    "PixelCNN++": {"optimizer": partial(torch.optim.SGD, momentum=0.9), "learning_rate": 1e-3, "schedule": halved,
                   "initialize": 16, "weight_average": 0.9},
}  # fmt: skip


def train(name: str, steps: int, folder: Path | None = None, seed: int = 0) -> tuple[dict, list, list]:
    """Weights and history of a model trained by fit, in as many processes as there are, and its masks, if any."""
    torch.manual_seed(seed)
    model = MODELS[name]()
    labels = LABELS if name == "RevNet" else None
    options = OPTIONS | MORE.get(name, {})
    rows = fit(model, IMAGES, labels=labels, steps=steps, folder=folder, **options).rows
    return model.state_dict(), rows, getattr(model, "masks", [])


def parameters(name: str) -> list[str]:
    """Names of a model's parameters."""
    return [key for key, _ in MODELS[name]().named_parameters()]


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    results = {}
    for name in MODELS:
        # Process 1 starts from other weights, and has to get those of process 0; for dropout both are seeded alike.
        seed = 0 if name == "dropout" else int(os.environ["RANK"])
        whole, rows, masks = train(name, 5, seed=seed)
        _, _, masks_before = train(name, 3, folder / name)
        again, rows_again, masks_after = train(name, 5, folder / name, seed=9)
        results[name] = {"whole": whole, "rows": rows, "again": again, "rows_again": rows_again, "masks": masks,
                         "masks_again": masks_before + masks_after}  # fmt: skip
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train("dropout", 2, seed=5)
    results["unchanged"] = torch.equal(torch.get_rng_state(), before)
    try:  # a folder that only process 0 has, as on two hosts
        train("VAE", 5, folder / ("VAE" if dist.get_rank() == 0 else "nowhere"))
    except ValueError as error:
        results["parted"] = str(error)
    torch.save(results, folder / f"process-{dist.get_rank()}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
