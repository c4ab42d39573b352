"""An average of the weights over the steps, with which some models are evaluated."""

import torch
from torch import nn


class WeightAverage:
    r"""Exponential average :math:`\bar\theta \leftarrow d\,\bar\theta + (1-d)\,\theta` of a model's parameters.

    Polyak and Juditsky (1992); PixelCNN++ and PixelSNAIL evaluate with d = 0.9995. At step t, d is at most
    (1 + t)/(10 + t): the first, random weights are forgotten in short runs too.

    Args:
        model: whose parameters are averaged. Buffers are not: statistics of batch normalisation have to be estimated
            anew for the average (:mod:`dgm_helpers.training.batch_norm`).
        decay: d, in [0, 1).

    Raises:
        ValueError: if the decay is none.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"weight_average is a decay in [0, 1), not {decay}")
        self.model, self.decay = model, decay
        self.weights = [parameter.detach().clone() for parameter in model.parameters()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights that a step led to."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for average, parameter in zip(self.weights, self.model.parameters(), strict=True):
            average.lerp_(parameter, 1 - decay)

    @torch.no_grad()
    def install(self) -> None:
        """Give the model the average for its weights."""
        for average, parameter in zip(self.weights, self.model.parameters(), strict=True):
            parameter.copy_(average)
