"""Oracles and inputs that the visible and the hidden checks of lecture 10, InfoGAN, share."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, Uniform

from dgm_helpers import checks
from dgm_helpers.layers.latent_code import Codes
from dgm_helpers.models.infogan import InfoGAN


def latent_parts(
    answer: object, n: int, noise: int, sizes: Sequence[int], continuous: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return latent vectors, values and continuous codes, of the right shapes, the values whole and in range."""
    parts = checks.unpack("sample_latent", answer, 3)
    shape = checks.as_numbers("latent vectors", parts[0]).shape
    checks.true(
        "latent vectors",
        shape != (n, noise + len(sizes) + continuous),
        f"wrong shape {tuple(shape)}: there is one column per categorical code",
        "a code with K values fills K columns, as a one-hot vector.",
    )
    latent = checks.as_tensor("latent vectors", parts[0], (n, noise + sum(sizes) + continuous))
    values = checks.as_tensor("values of the categorical codes", parts[1], (n, len(sizes)))
    checks.true(
        "values of the categorical codes",
        isinstance(parts[1], Tensor) and parts[1].dtype == torch.int64,
        "their dtype must be torch.int64: they are used as indices",
    )
    inside = bool(((values >= 0) & (values < torch.tensor(sizes))).all())
    checks.true(
        "values of the categorical codes", inside, "a code with K values takes the numbers 0 to K - 1"
    )
    return latent, values, checks.as_tensor("continuous codes", parts[2], (n, continuous))


def uniform_part(latent: Tensor, noise: int, sizes: Sequence[int]) -> Tensor:
    """Return noise and continuous codes side by side, without the one-hot vectors between them."""
    return torch.cat([latent[:, :noise], latent[:, noise + sum(sizes) :]], dim=1)


def uniform(name: str, values: Tensor) -> None:
    """Check that rows of numbers are independent and uniform on (-1, 1)."""
    hint = None
    if bool((values.amin(dim=0) >= 0).any()):
        hint = "a number is never negative: stretch and shift (0, 1) to (-1, 1)."
    elif bool((values.abs() > 1).any()):
        hint = "numbers lie beyond -1 and 1: they must be uniform on (-1, 1), not normal."
    checks.follows(name, values, "uniform", mean=-1.0, deviation=2.0, hint=hint)


def continuous_bound(mu: Tensor, log_sigma: Tensor, code: Tensor) -> Tensor:
    """Return the prior's entropy plus the log-density of q, by `torch.distributions`, summed over the codes."""
    prior = Uniform(-torch.ones_like(mu), torch.ones_like(mu), validate_args=False)
    return (prior.entropy() + Normal(mu, log_sigma.exp()).log_prob(code)).sum(dim=1)


def continuous_mistakes(mu: Tensor, log_sigma: Tensor, code: Tensor) -> dict[str, Tensor]:
    """Return the values of typical mistakes in (10.12) and (10.13), by their hint; each argument is ``[B, d]``."""
    sigma, error, d = log_sigma.exp(), code - mu, mu.shape[1]
    parts, log_2 = Normal(mu, sigma).log_prob(code), math.log(2)
    log_q, standardized, log_2pi = parts.sum(dim=1), error / sigma, math.log(2 * math.pi)
    exact = d * log_2 + log_q

    def with_width(width: Tensor) -> Tensor:
        return d * log_2 + Normal(mu, width).log_prob(code).sum(dim=1)

    return {
        "log q(c|x) without H(c): without H(c) the number is not a bound on I": log_q,
        "the entropy of only one code: each of the d codes has log 2": log_2 + log_q,
        "the entropy subtracted: (10.10) adds H(c)": log_q - d * log_2,
        "minus log q added to H(c): that is the cross-entropy": d * log_2 - log_q,
        "minus the bound: return the bound, not a loss": -exact,
        "the entropy of q instead of H(c): H(c) belongs to the prior": Normal(mu, sigma).entropy().sum(dim=1)
        + log_q,
        "a density without log 2π: it is not normalized": exact + 0.5 * d * log_2pi,
        "a density without -log σ: the widest q would win": exact + log_sigma.sum(dim=1),
        "log_sigma used as the logarithm of the variance: σ is `torch.exp(log_sigma)`": with_width(
            sigma.sqrt()
        ),
        "log_sigma used as σ: σ is `torch.exp(log_sigma)`": with_width(log_sigma),
        "log_sigma used as σ in the square: σ is `torch.exp(log_sigma)`": exact
        + (0.5 * standardized**2 - 0.5 * (error / log_sigma) ** 2).sum(dim=1),
        "the squared error divided by σ: divide by σ²": exact
        + 0.5 * (standardized**2 - error**2 / sigma).sum(dim=1),
        "the squared error without its factor ½": exact - 0.5 * (standardized**2).sum(dim=1),
        "a width of 1 instead of σ(x)": with_width(torch.ones_like(sigma)),
        "the mean over the codes: they are independent, so log q is a sum": d * log_2 + parts.mean(dim=1),
        "the mean over the codes: they are independent, so the bound is a sum": exact / d,
        "one number per code: return their sum": log_2 + parts,
        "the mean over the batch: return one number per row": exact.mean(),
        "the sum over the batch: return one number per row": exact.sum(),
        "bits: use the natural logarithm": exact / log_2,
        "H(c) in bits: use the natural logarithm": d + log_q,
    }


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    """Return the mean cross-entropy of logits with a label, in nats."""
    return -Bernoulli(logits=logits).log_prob(torch.full_like(logits, label)).mean()


def small_game(draw: torch.Generator, **options) -> InfoGAN:
    """Return a small InfoGAN in float64 with random parameters, by default on vectors of five numbers."""
    small = {"data_shape": (5,), "noise_dim": 3, "categories": (4,), "continuous": 2, "channels": (),
             "hidden": (8, 6), "output": "linear", "normalize": "none", "q_hidden": 0}  # fmt: skip
    model = InfoGAN(**small | options).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.6 * torch.randn(parameter.shape, generator=draw, dtype=torch.float64))
    return model


def confident_games(draw: torch.Generator) -> dict[str, tuple]:
    """Return models with data, latent vectors and weights, for which L_I dominates both losses."""
    games = {}
    for case, weights in (("L_I outweighs the game", (9.0, 0.01)), ("q is sure and wrong", (0.4, 3.0))):
        model = small_game(draw)
        x, latent = (torch.randn(3, 5, generator=draw, dtype=torch.float64),
                     model.sample_latent(5, draw, Codes(categories=torch.tensor([[2]]))))  # fmt: skip
        with torch.no_grad():
            for part in (model.critic, model.recognition[-1]):
                part.weight.mul_(0.1)
            model.recognition[-1].bias[2] = 5.0 if weights[0] > 1 else -5.0
            model.recognition[-1].bias[-2:] = 0.0 if weights[0] > 1 else -12.0
        games[case] = model, x, latent, weights
    return games


def terms(model: InfoGAN, x: Tensor, latent: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """Return the adversarial terms of L_D and L_G, and both bounds, with gradients to all parameters."""
    images = model.generate(latent)
    real, fake = model.discriminate(x), model.discriminate(images)
    information = model.information(model.encode(images), latent)
    return cross_entropy(real, 1.0) + cross_entropy(fake, 0.0), cross_entropy(fake, 1.0), information


def step_losses(answer, game: tuple, case: str = "", *, hints: bool = False) -> tuple[Tensor, Tensor]:
    """Check the values of both losses, and that they carry a gradient; return them.

    Args:
        answer: the student's function.
        game: model, real data, latent vectors and the two weights, which may be omitted.
        case: the case, for the messages.
        hints: whether typical mistakes are named; then both weights must be given, differ from each other and from
            the default, and there must be as many latent vectors as data.
    """
    model, x, latent, *given = game
    losses = checks.unpack("infogan_step_losses", answer(*game), 2)
    w = given[0] if given else (1.0, 0.1)
    with torch.no_grad():
        first, second, (discrete, continuous) = terms(model, x, latent)
    both = w[0] * discrete + w[1] * continuous
    for name, loss, own, other in zip(("L_D", "L_G"), losses, (first, second), (second, first), strict=True):
        mistakes = step_mistakes(game, own, other, discrete, continuous) if hints else None
        checks.equal(name, loss, own - both, unit="nats", case=case, mistakes=mistakes)
        checks.true(
            name,
            loss.requires_grad,
            "carries no gradient",
            "freeze the parameters of the other player; do not detach features.",
        )
    return losses


def step_mistakes(
    game: tuple, own: Tensor, other: Tensor, discrete: Tensor, continuous: Tensor
) -> dict[str, Tensor]:
    """Return the values that typical mistakes in a loss of (10.20) give, by their hint."""
    model, x, latent, w = game
    both = w[0] * discrete + w[1] * continuous
    with torch.no_grad():
        on_real = model.information(model.encode(x), latent)
        saturating = -cross_entropy(model.discriminate(model.generate(latent)), 0.0)
    return {
        "the game without L_I: both losses contain it": own,
        "L_I added: it is maximized, so subtract it": own + both,
        "the two weights exchanged: the first is for categorical codes": own - w[1] * discrete - w[0] * continuous,
        "one weight for both kinds of code: each has its own": own - w[0] * (discrete + continuous),
        "both weights ignored": own - discrete - continuous,
        "default weights: use those that are passed": own - discrete - 0.1 * continuous,
        "a loss without the continuous codes": own - w[0] * discrete,
        "a loss without the categorical codes": own - w[1] * continuous,
        "the code read off the real images: they have none": own - w[0] * on_real[0] - w[1] * on_real[1],
        "a loss without its adversarial term": -both,
        "L_I counted twice": own - 2 * both,
        "the saturating loss: the generator's is -log D": saturating - both,
        "the sum of both games: each player has its own": own + other - both,
        "the loss of the other player": other - both,
    }  # fmt: skip


def part_gradient(loss: Tensor, model: InfoGAN, part: str) -> Tensor:
    """Return a loss's gradient for all parameters of a part of the model as one vector; zero where there is none."""
    parameters = list(getattr(model, part).parameters())
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
    pairs = zip(gradients, parameters, strict=True)
    return torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for g, p in pairs])
