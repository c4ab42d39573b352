"""The second part of `gpu.py`: IWAE, Gated PixelCNN and InfoGAN trained on MNIST-10k for a given time, with figures."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from dgm_helpers import data, plots
from dgm_helpers.data.sampling import binarize
from dgm_helpers.layers.latent_code import Codes
from dgm_helpers.metrics.active_units import active_units
from dgm_helpers.metrics.marginal_likelihood import marginal_log_likelihood
from dgm_helpers.runtime import generator, seed_everything
from dgm_helpers.training import History, fit, registry
from dgm_helpers.training.evaluation import evaluate

SAMPLES = (1, 5, 50)
# Larger than the laptop preset; like it, for binary images.
GATED_PIXELCNN = {"channels": 64, "layers": 10}
Rows = list[dict[str, float | int | str]]


def train_all(device: torch.device, seconds: float, out: Path, *, dry_run: bool) -> dict[str, Rows]:
    """Train each system for ``seconds``; return a table of each, and write PNG files into ``out``."""
    preset = "laptop" if dry_run else "paper"
    return {
        "IWAE": train_iwae(device, seconds, out, preset, images=20 if dry_run else 1000),
        "Gated PixelCNN": train_gated_pixelcnn(device, seconds, out, {} if dry_run else GATED_PIXELCNN),
        "InfoGAN": train_infogan(device, seconds, out, preset),
    }


def train_iwae(device: torch.device, seconds: float, out: Path, preset: str, *, images: int) -> Rows:
    """Train with K = 1, 5 and 50, a third of the time each; return test NLL by 5,000 samples, and active units."""
    entry, mnist = registry.find("iwae", preset), data.load("mnist_10k")
    rows, histories = [], {}
    for samples in SAMPLES:
        model = new_model(entry, device, {"samples": samples})
        model.initialize(mnist.train)
        history = train(entry, model, mnist, seconds / len(SAMPLES))
        test = binarize(mnist.test[:images].flatten(1), generator(1))
        log_prob = marginal_log_likelihood(model, test.to(device), 5000, generator(2, device))
        active = active_units(model, test.to(device), generator(3, device))
        rows.append(
            {
                "K": samples,
                "steps": history["step"][-1],
                "test NLL (L5000), nats": -float(log_prob.mean()),
                "standard error": float(log_prob.std() / math.sqrt(len(log_prob))),
                "active units": "+".join(str(int(layer.sum())) for layer in active),
            }
        )
        histories[f"K = {samples}"] = history
        report("IWAE", rows[-1])
    curves(histories, out / "iwae.png")
    return rows


def train_gated_pixelcnn(device: torch.device, seconds: float, out: Path, changes: dict[str, int]) -> Rows:
    """Train on binary digits without labels; return the test NLL, and draw a page of samples."""
    entry, mnist = registry.find("gated_pixelcnn", "laptop"), data.load("mnist_10k")
    model = new_model(entry, device, changes)
    history = train(entry, model, mnist, seconds)
    test = evaluate(model, mnist.test, transform=binarize)
    curves({"Gated PixelCNN": history}, out / "gated_pixelcnn.png")
    page = plots.image_page(model.sample(60, generator=generator(1, device)))
    (out / "gated_pixelcnn_samples.png").write_bytes(plots.to_png(page))
    row = {
        "steps": history["step"][-1],
        "test NLL, nats": test["loss"],
        "bits per dimension": test["bits_per_dim"],
    }
    report("Gated PixelCNN", row)
    return [row]


@torch.no_grad()
def train_infogan(device: torch.device, seconds: float, out: Path, preset: str) -> Rows:
    """Train on digits; return the bounds on the codes' information, and draw images that vary one code at a time."""
    entry, mnist = registry.find("infogan", preset), data.load("mnist_10k")
    model = new_model(entry, device, {})
    with torch.enable_grad():
        history = train(entry, model, mnist, seconds)
    latent = model.sample_latent(2000, generator(1))
    discrete, continuous = model.information(model.encode(model.generate(latent)), latent)
    (out / "infogan_codes.png").write_bytes(plots.to_png(plots.image_page(traversals(model))))
    curves({"InfoGAN": history}, out / "infogan.png", "discrete_information")
    row = {
        "steps": history["step"][-1],
        "L_I of the categorical code, nats": float(discrete),
        "its entropy, nats": math.log(10),
        "L_I of the continuous codes, nats": float(continuous),
    }
    report("InfoGAN", row)
    return [row]


def traversals(model: nn.Module) -> Tensor:
    """Return rows of ten images: one per categorical value, then each continuous code from -2 to 2."""
    rows = []
    for code in range(-1, model.config["continuous"]):
        category = torch.arange(10) if code < 0 else torch.full((10,), 3)
        continuous = torch.zeros(10, model.config["continuous"])
        if code >= 0:
            continuous[:, code] = torch.linspace(-2, 2, 10)
        noise, _ = model.layout.split(model.sample_latent(1, generator(2)).expand(10, -1))
        latent = model.layout.join(noise, Codes(category[:, None], continuous.to(noise)))
        rows.append(model.generate(latent))
    return torch.cat(rows)


def report(system: str, row: dict[str, float | int | str]) -> None:
    """Print a row in one line, as soon as it is known."""
    values = (
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in row.items()
    )
    print(f"{system}: {', '.join(values)}", flush=True)


def new_model(entry: registry.Entry, device: torch.device, changes: dict[str, int]) -> nn.Module:
    """Return a model with the weights of seed 0."""
    seed_everything(0)
    return entry.build(changes).to(device)


def train(entry: registry.Entry, model: nn.Module, dataset: data.Dataset, seconds: float) -> History:
    """Train with `fit` and the preset's settings for ``seconds``; return the history."""
    images = dataset.train.flatten(1) if "data_dim" in model.config else dataset.train
    return fit(model, images, seconds=seconds, **entry.training.arguments())


def curves(histories: dict[str, History], path: Path, term: str = "loss") -> None:
    """Plot a term against the step, one line per run."""
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    ax = figure.add_subplot()
    for name, history in histories.items():
        ax.plot(history["step"], history[term], label=name)
    ax.set(xlabel="step", ylabel=f"{term.replace('_', ' ')} (nats)")
    ax.legend()
    path.write_bytes(plots.to_png(figure))
