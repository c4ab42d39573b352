"""Statistics of batch normalisation for weights that no step of training had, as an average of weights is.

P. Izmailov et al., *Averaging Weights Leads to Wider Optima and Better Generalization*, UAI 2018 (arXiv 1803.05407),
section 3.2: running statistics follow the weights that training went through, and averaged weights that are normalised
by them are another function than the one that was trained.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from dgm_helpers.runtime import generator
from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.examples import Batches, Examples

MOST_BATCHES = 100


@torch.no_grad()
def estimate_statistics(
    model: nn.Module, examples: Examples, batch_size: int, seed: int, processes: Processes
) -> None:
    """Replace running means and variances by the averages of those of single batches, each with the same weight.

    Args:
        model: whose loss is evaluated on them; put into training mode. Nothing is done if it keeps no statistics.
        examples: of which a pass is made, or its first :data:`MOST_BATCHES` batches.
        batch_size: data points of a batch.
        seed: of their order and the noise.
        processes: of which each takes its share of every batch, as in training.
    """
    layers = [layer for layer in model.modules() if getattr(layer, "running_mean", None) is not None]
    if not layers:
        return
    order = generator(seed, examples.like.device)
    batches, noise = Batches(len(examples), batch_size, order), processes.noise(seed, order)
    model.train()
    with _cumulative(layers):
        for _ in range(min(batches.per_epoch, MOST_BATCHES)):
            batch, condition = examples.batch(processes.share(next(batches)), noise)
            model.loss(batch, **condition, generator=noise)
    for layer in layers:
        processes.average(layer.running_mean, layer.running_var)


@contextmanager
def _cumulative(layers: list[nn.Module]) -> Iterator[None]:
    """Let the statistics of all batches from now on have the same weight: in torch that is a momentum of None."""
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
