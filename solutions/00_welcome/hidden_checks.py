"""Hidden checks of lecture 00, the welcome."""

import torch
from dgm_helpers import checks
from dgm_helpers.exercises.welcome import independent_mistakes
from torch.distributions import Bernoulli


@checks.exercise(reference=None)
def certain_pixels(answer) -> None:
    """Pixels that are certain, on or off, and impossible images; exact, in float64 and float32."""
    draw = checks.generator("00/independent_log_prob/hidden")
    p = 0.05 + 0.9 * torch.rand(20, generator=draw, dtype=torch.float64)
    p[:2] = torch.tensor([0.0, 1.0])
    x = (torch.rand(7, 20, generator=draw, dtype=torch.float64) < p).double()
    inner = Bernoulli(p[2:]).log_prob(x[:, 2:]).sum(dim=1)
    clamped = {
        "clamped probabilities: 0 log 0 is exactly 0": inner + 2 * torch.tensor(1 - 1e-3).log()
    }
    checks.equal(
        "log p(x) with certain pixels",
        answer(x, p),
        inner,
        unit="nats",
        atol=1e-9,
        mistakes=independent_mistakes(x[:, 2:], p[2:]) | clamped,
    )
    checks.equal(
        "log p(x) with certain pixels, float32", answer(x.float(), p.float()), inner, unit="nats"
    )
    impossible_images(answer, x, p)
    checks.equal(
        "log p(x) of certain images", answer(x[:, :2], p[:2]), torch.zeros(7), unit="nats", atol=0
    )


def impossible_images(answer, x: torch.Tensor, p: torch.Tensor) -> None:
    """Check an image with ink where its probability is 0, and one that is blank where it is 1."""
    x = x.clone()
    x[0, 0], x[3, 1] = 1.0, 0.0
    log_prob = checks.as_numbers("log p(x) of impossible images", answer(x, p))
    impossible = torch.tensor([True, False, False, True, False, False, False])
    checks.true(
        "impossible images",
        log_prob.shape == (7,) and torch.equal(log_prob == -torch.inf, impossible),
        "ink where its probability is 0, or a blank pixel where it is 1, makes log p(x) minus infinity, "
        "and only for that image",
        hint="probabilities must not be clamped or smoothed inside the function",
    )


@checks.exercise(reference=None)
def large_images(answer) -> None:
    """An image whose probability is smaller than the smallest float64: the product of (0.1) underflows."""
    draw = checks.generator("00/independent_log_prob/hidden_2")
    p = 0.3 + 0.4 * torch.rand(3000, generator=draw, dtype=torch.float64)
    x = (torch.rand(2, 3000, generator=draw, dtype=torch.float64) < p).double()
    expected = Bernoulli(p).log_prob(x).sum(dim=1)
    checks.equal("log p(x) of large images", answer(x, p), expected, unit="nats")
