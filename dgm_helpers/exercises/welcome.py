"""Visible checks of lecture 00, the welcome."""

import math

import torch
from torch.distributions import Bernoulli

from dgm_helpers import checks


@checks.exercise(reference=None)  # the library has no model of independent pixels
def independent_log_prob(answer) -> None:
    """The log-probability of each image of a batch, against `torch.distributions.Bernoulli`; exact.

    The cases include a single image, a single pixel and float32.
    """
    draw = checks.generator("00/independent_log_prob/visible")
    p = 0.1 + 0.8 * torch.rand(6, generator=draw, dtype=torch.float64)
    x = (torch.rand(4, 6, generator=draw, dtype=torch.float64) < p).double()
    x[:, 0], x[:, 1] = 1.0, 0.0
    terms = Bernoulli(p).log_prob(x)
    checks.equal("log p(x)", answer(x, p), terms.sum(dim=1), unit="nats", mistakes=independent_mistakes(x, p))
    for name, images, chances in (
        ("one image", x[:1], p),
        ("one pixel", x[:, 1:2], p[1:2]),
        ("float32", x.float(), p.float()),
    ):
        expected = Bernoulli(chances.double()).log_prob(images.double()).sum(dim=1)
        checks.equal("log p(x)", answer(images, chances), expected, unit="nats", case=name)


def independent_mistakes(x: torch.Tensor, p: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the values that typical mistakes in (0.2) give, by their hint."""
    terms = Bernoulli(p).log_prob(x)
    total = terms.sum(dim=1)
    return {
        "the mean over the pixels: equation (0.2) sums them": terms.mean(dim=1),
        "bits: the logarithm is the natural one": total / math.log(2),
        "only the pixels with ink: a blank pixel contributes log(1 - p)": torch.xlogy(x, p).sum(dim=1),
        "the cost: the log-probability has the opposite sign": -total,
        "the sum over the batch: return one number per image": terms.sum(dim=0),
        "the probability: return its logarithm": total.exp(),
    }
