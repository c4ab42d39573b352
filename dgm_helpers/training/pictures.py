"""The pictures that a run leaves."""

from pathlib import Path

import torch
from torch import nn

from dgm_helpers import data
from dgm_helpers.runtime import generator
from dgm_helpers.training.checkpoints import write_whole
from dgm_helpers.training.evaluation import takes_labels
from dgm_helpers.training.history import History
from dgm_helpers.training.terms import meaningful


def draw_curve(history: History, path: Path) -> None:
    """The loss against the step, or each player's, as a PNG."""
    from matplotlib.figure import Figure

    from dgm_helpers import plots

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    ax, shown = figure.add_subplot(), meaningful(history.rows[-1])
    if "loss" in shown:
        history.plot(ax)
    else:
        players = ("vae",) if "vae" in shown else ("discriminator", "generator")
        history.plot(ax, players, unit="loss of each player")
    write_whole(path, lambda part: part.write_bytes(plots.to_png(figure)))


@torch.no_grad()
def draw_samples(model: nn.Module, dataset: data.Dataset, path: Path, n: int = 60) -> None:
    """Samples in a grid of ten columns, as a PNG; of a conditional model a class in each column."""
    from dgm_helpers import plots

    device = next(model.parameters()).device
    condition = (
        {"label": torch.arange(n, device=device) % model.config["classes"]} if takes_labels(model) else {}
    )
    images = model.sample(n, **condition, generator=generator(0, device))
    figure = plots.image_page(images.reshape(n, *dataset.train.shape[1:]))
    write_whole(path, lambda part: part.write_bytes(plots.to_png(figure)))
