"""An average of the weights over the steps, and statistics of batch normalization that fit it.

B. Polyak and A. Juditsky, *Acceleration of Stochastic Approximation by Averaging*, SIAM J. Control Optim. 30, 1992;
P. Izmailov et al., *Averaging Weights Leads to Wider Optima and Better Generalization*, UAI 2018 (arXiv 1803.05407).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from dgm_helpers.runtime import generator
from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.examples import Batches, Examples

MOST_BATCHES = 100


def weight_average(model: nn.Module, decay: float) -> AveragedModel:
    r"""Return an exponential average :math:`\bar\theta \leftarrow d_t\,\bar\theta + (1-d_t)\,\theta` of the parameters.

    It starts at the current weights. At step t, :math:`d_t = \min(d, (1+t)/(10+t))`, so that even a short run forgets
    its first, random weights; torch's ``get_ema_multi_avg_fn`` has the same d at every step. PixelCNN++ and PixelSNAIL
    are evaluated with d = 0.9995.

    Args:
        model: the model whose parameters are averaged; it is copied.
        decay: d, in [0, 1).
    """

    @torch.no_grad()
    def update(averages: list[Tensor], parameters: list[Tensor], step: Tensor | int) -> None:
        rate = min(decay, (1 + int(step)) / (10 + int(step)))
        for average, parameter in zip(averages, parameters, strict=True):
            average.lerp_(parameter, 1 - rate)

    average = AveragedModel(model, multi_avg_fn=update)
    average.update_parameters(model)  # the first call copies the weights, and does not average
    return average


@torch.no_grad()
def install(average: AveragedModel, model: nn.Module) -> None:
    """Replace a model's parameters by their average."""
    for mean, parameter in zip(average.module.parameters(), model.parameters(), strict=True):
        parameter.copy_(mean)


@torch.no_grad()
def estimate_statistics(
    model: nn.Module, examples: Examples, batch_size: int, seed: int, processes: Processes
) -> None:
    """Replace running means and variances by averages of those of single batches, each with the same weight.

    Izmailov et al. (2018), section 3.2: running statistics follow the weights that training went through, and averaged
    weights that are normalized by them are a different function from the trained one. torch's ``update_bn`` does not
    know layers that normalize but do not inherit from its own, such as
    :class:`~dgm_helpers.layers.invertible_batch_norm.InvertibleBatchNorm`.

    Args:
        model: the model, whose loss is evaluated in training mode. Nothing is done if it keeps no statistics.
        examples: the training data, over which one pass is made, but of at most :data:`MOST_BATCHES` batches.
        batch_size: data points per batch.
        seed: seed of the order and of the noise.
        processes: the processes, each of which takes its share of every batch, as in training.
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
    """Reset the statistics, and give those of all following batches the same weight: torch's momentum of None."""
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
