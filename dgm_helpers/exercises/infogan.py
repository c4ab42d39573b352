"""Visible checks of lecture 10, InfoGAN."""

import math

import torch
from torch.distributions import Categorical
from torch.nn.functional import one_hot

from dgm_helpers import checks
from dgm_helpers.exercises.infogan_oracles import (
    confident_games,
    continuous_bound,
    continuous_mistakes,
    cross_entropy,
    latent_parts,
    part_gradient,
    small_game,
    step_losses,
    uniform,
    uniform_part,
)
from dgm_helpers.layers.latent_code import LatentLayout
from dgm_helpers.models.infogan import InfoGAN
from dgm_helpers.objectives import adversarial, mutual_information

VECTORS = 20_000
CODE = "H(c) + log q(c|x)"
GAN_LOSSES = (adversarial.discriminator_loss, adversarial.generator_loss, adversarial.minimax_generator_loss)
STEP = (InfoGAN.loss, InfoGAN.losses)


@checks.exercise(reference=LatentLayout.sample)
def sample_latent(answer) -> None:
    """The layout: noise, one-hot vectors, and the same continuous codes as are returned; exact."""
    draw = checks.generator("10/sample_latent/visible")
    for n, noise, sizes, continuous in ((60, 3, (4, 2), 2), (1, 1, (3,), 1)):
        latent, values, codes = latent_parts(
            answer(n, noise, sizes, continuous, draw), n, noise, sizes, continuous
        )
        starts = range(noise + sum(sizes))
        elsewhere = any(torch.equal(latent[:, i : i + continuous], codes) for i in starts)
        checks.true(
            "continuous part of the latent vectors",
            torch.equal(latent[:, noise + sum(sizes) :], codes),
            "the last coordinates of the latent vectors are not the continuous codes that are returned",
            "the codes come last, after the one-hot vectors."
            if elsewhere
            else "draw them once, and use the same numbers twice.",
        )
        hot = [one_hot(values[:, j].long(), size) for j, size in enumerate(sizes)]
        place = slice(noise, noise + sum(sizes))
        order = {"the one-hot vectors of the codes in the wrong order": torch.cat(hot[::-1], dim=1)}
        checks.equal(
            "one-hot part of the latent vectors",
            latent[:, place],
            torch.cat(hot, dim=1),
            mistakes=order if len(sizes) > 1 else None,
        )


@checks.exercise(reference=LatentLayout.sample)
def sample_latent_distribution(answer) -> None:
    """The distribution of each coordinate, from 20,000 vectors with four categorical codes.

    False-alarm rate 5e-6. A distribution function that is 0.04 away from the uniform one, an interval that is 0.1%
    too narrow, and a probability that is wrong by 0.04 are found with probability above 0.999.
    """
    draw, sizes = checks.generator("10/sample_latent/visible_2"), (4, 3, 2, 5)
    latent, values, _ = latent_parts(answer(VECTORS, 2, sizes, 2, draw), VECTORS, 2, sizes, 2)
    uniform("noise and continuous codes", uniform_part(latent, 2, sizes))
    for name, column, size in zip(("c_1", "c_2", "c_3", "c_4"), values.T, sizes, strict=True):
        checks.frequencies(f"values of {name}", column, torch.full((size,), 1 / size), mistakes={
            "whole numbers 0 to K - 2: `torch.randint` leaves out its upper end by itself":
                torch.tensor([1 / (size - 1)] * (size - 1) + [0.0])})  # fmt: skip


@checks.exercise(reference=mutual_information.info_lower_bound_categorical)
def info_lower_bound_categorical(answer) -> None:
    """Seven rows of five values, against `torch.distributions.Categorical`; exact."""
    draw = checks.generator("10/info_lower_bound_categorical/visible")
    logits = 2 * torch.randn(7, 5, generator=draw, dtype=torch.float64)
    category = torch.tensor([0, 1, 2, 3, 4, 3, 0])
    logits[torch.arange(5), (category[:5] + 1) % 5] += 6.0  # sure and wrong in five of the rows
    logits[6, 0] += 6.0
    q, uniform_code = Categorical(logits=logits), Categorical(logits=torch.zeros(5, dtype=torch.float64))
    log_k, log_q = uniform_code.entropy(), q.log_prob(category)
    over_batch = torch.log_softmax(logits, dim=0)[torch.arange(7), category]
    checks.equal(CODE, answer(logits, category), log_k + log_q, unit="nats", mistakes={
        "log q(c|x) without H(c): without H(c) the number is not a bound on I": log_q,
        "the cross-entropy added to H(c): log q(c|x) is minus the cross-entropy": log_k - log_q,
        "only the cross-entropy: the bound is H(c) minus the cross-entropy": -log_q,
        "minus the bound: return the bound, not a loss": -log_k - log_q,
        "bits: use the natural logarithm": (log_k + log_q) / math.log(2),
        "H(c) in bits: use the natural logarithm": log_k / math.log(2) + log_q,
        "log q in bits: use the natural logarithm": log_k + log_q / math.log(2),
        "the entropy of q instead of H(c): H(c) belongs to the prior": q.entropy() + log_q,
        "H(c) minus the entropy of q: which code went in must matter": log_k - q.entropy(),
        "the logits used as log-probabilities: normalize them": log_k + logits[torch.arange(7), category],
        "a softmax over the batch: use the last axis": log_k + over_batch,
        "the most probable code of q: take the code that went in": log_k + q.logits.amax(dim=1),
        "the mean over the batch: return one number per row": (log_k + log_q).mean(),
        "the sum over the batch: return one number per row": (log_k + log_q).sum(),
    })  # fmt: skip


@checks.exercise(reference=mutual_information.info_lower_bound_categorical)
def info_lower_bound_categorical_channel(answer) -> None:
    """Pairs (c, x) of a discrete channel, repeated in proportion to their probability; exact.

    The mean over the rows is then the exact expectation. For the posterior it is I, and for a different q it is less;
    both oracles enumerate the pairs.
    """
    draw = checks.generator("10/info_lower_bound_categorical/visible_2")
    counts = torch.tensor([[12, 6, 3, 1, 1, 1], [1, 11, 6, 3, 2, 1], [2, 1, 9, 7, 4, 1], [1, 1, 2, 3, 8, 9]])
    prior, channel = torch.full((4,), 0.25, dtype=torch.float64), counts.double() / 24
    category = torch.arange(4).repeat_interleave(24)
    x = torch.arange(6).repeat(4).repeat_interleave(counts.flatten())
    log_posterior = mutual_information.channel_posterior(prior, channel).log()
    other = log_posterior + torch.randn(4, 6, generator=draw, dtype=torch.float64)
    shift = torch.randn(96, 1, generator=draw, dtype=torch.float64)  # logits are not normalized
    information = mutual_information.channel_information(prior, channel)
    bound = mutual_information.channel_information_bound(prior, channel, other.softmax(dim=0))
    for name, log_q, exact in (
        ("the posterior, which is I", log_posterior, information),
        ("another q", other, bound),
    ):
        rows = checks.as_tensor(CODE, answer(log_q.T[x] + shift, category), (96,))
        checks.equal(f"bound at {name}", rows.mean(), exact, unit="nats", mistakes={
            "the mean of log q without H(c)": exact - math.log(4)})  # fmt: skip


@checks.exercise(reference=mutual_information.info_lower_bound_continuous)
def info_lower_bound_continuous(answer) -> None:
    """Six rows of three codes, against `torch.distributions`; exact."""
    draw = checks.generator("10/info_lower_bound_continuous/visible")
    mu = 0.5 * torch.randn(6, 3, generator=draw, dtype=torch.float64)
    log_sigma = 0.2 + 0.7 * torch.rand(6, 3, generator=draw, dtype=torch.float64)
    code = 2 * torch.rand(6, 3, generator=draw, dtype=torch.float64) - 1
    exact = continuous_bound(mu, log_sigma, code)
    checks.equal(CODE, answer(mu, log_sigma, code), exact, unit="nats",
                 mistakes=continuous_mistakes(mu, log_sigma, code))  # fmt: skip


@checks.exercise(reference=mutual_information.info_lower_bound_continuous)
def info_lower_bound_continuous_channel(answer) -> None:
    """The channel that shows one of m parts: I = log m, and the best Gaussian q misses it by 0.176 nats, (10.14).

    Two codes in each part have exactly its mean and variance, so that the average is the exact expectation.
    """
    for m in (3, 40):
        center = (2 * torch.arange(m, dtype=torch.float64) + 1) / m - 1
        width = 1 / (m * math.sqrt(3))  # standard deviation of a uniform distribution of width 2/m
        code, mu = torch.cat([center - width, center + width])[:, None], torch.cat([center, center])[:, None]
        gap = 0.5 * math.log(math.pi * math.e / 6)
        for name, stretch in (("the best Gaussian q", 1.0), ("a q that is twice as wide", 2.0)):
            rows = answer(mu, torch.full_like(mu, math.log(stretch * width)), code)
            exact = math.log(m) - gap - (math.log(stretch) + 0.5 / stretch**2 - 0.5)
            checks.equal(
                f"bound of {name}, m = {m}", checks.as_tensor(CODE, rows, (2 * m,)).mean(), exact, unit="nats"
            )


@checks.exercise(reference=GAN_LOSSES)
def gan_losses(answer) -> None:
    """The discriminator's loss for seven real and five generated images, against `torch.distributions`; exact."""
    draw = checks.generator("10/gan_losses/visible")
    real = 1.5 * torch.randn(7, generator=draw, dtype=torch.float64) + 1
    fake = 1.5 * torch.randn(5, generator=draw, dtype=torch.float64) - 1
    loss, _ = checks.unpack("gan_losses", answer(real, fake), 2)
    on_real, on_fake, helped, fooled = (
        cross_entropy(*pair) for pair in ((real, 1.0), (fake, 0.0), (real, 0.0), (fake, 1.0))
    )
    checks.equal("loss of the discriminator", loss, on_real + on_fake, unit="nats", mistakes={
        "V itself: the discriminator maximizes V, so its loss is -V": -on_real - on_fake,
        "real and generated images exchanged: D should be large on real images": helped + fooled,
        "only the term of the real images: (10.17) has two": on_real,
        "only the term of the generated images: (10.17) has two": on_fake,
        "the mean of the two expectations: (10.17) is their sum": 0.5 * (on_real + on_fake),
        "one mean over all images: each expectation has its own": (7 * on_real + 5 * on_fake) / 12,
        "sums over the batches: (10.17) has means": 7 * on_real + 5 * on_fake,
        "both kinds of images labeled as real: the label of generated images is 0": on_real + fooled,
        "the generator's loss: the discriminator's comes first": fooled,
    })  # fmt: skip


@checks.exercise(reference=GAN_LOSSES)
def gan_losses_generator(answer) -> None:
    """The generator's loss for four real and six generated images, against `torch.distributions`; exact."""
    draw = checks.generator("10/gan_losses/visible_2")
    real = 1.5 * torch.randn(4, generator=draw, dtype=torch.float64) + 1
    fake = 1.5 * torch.randn(6, generator=draw, dtype=torch.float64) - 1
    _, loss = checks.unpack("gan_losses", answer(real, fake), 2)
    on_real, on_fake, fooled = (cross_entropy(*pair) for pair in ((real, 1.0), (fake, 0.0), (fake, 1.0)))
    checks.equal("loss of the generator", loss, fooled, unit="nats", mistakes={
        "the saturating loss, log(1 - D): (10.18) is -log D": -on_fake,
        "-log(1 - D): with it the generator helps the discriminator": on_fake,
        "log D: the loss is its negative": -fooled,
        "minus the discriminator's loss: with it the generator saturates": -on_real - on_fake,
        "the discriminator's loss: the generator's comes second": on_real + on_fake,
        "the sum over the batch: (10.18) has a mean": 6 * fooled,
        "the loss on real images: the generator has no part in those": on_real,
        "one mean over both kinds of images: only generated ones count": (6 * fooled + 4 * on_real) / 10,
    })  # fmt: skip


@checks.exercise(reference=STEP)
def infogan_step_losses(answer) -> None:
    """The values of both losses: with and without weights passed, below zero, in the thousands; exact."""
    draw = checks.generator("10/infogan_step_losses/visible")
    model = small_game(draw)
    x, latent = torch.randn(6, 5, generator=draw, dtype=torch.float64), model.sample_latent(6, draw)
    step_losses(answer, (model, x, latent, (0.7, 0.2)), hints=True)
    step_losses(answer, (model, x, latent), "weights not given")
    for case, game in confident_games(draw).items():
        step_losses(answer, game, case)


@checks.exercise(reference=STEP)
def infogan_step_losses_crossing(answer) -> None:
    """A gradient reaches a loss's own player; for the other it is exactly zero, or there is none."""
    draw = checks.generator("10/infogan_step_losses/visible_2")
    model = small_game(draw)
    x, latent = torch.randn(6, 5, generator=draw, dtype=torch.float64), model.sample_latent(7, draw)
    losses = step_losses(answer, (model, x, latent))
    hints = {
        "generator": "L_D sees generated images as constants: detach them.",
        "trunk": "a gradient passes through a frozen trunk to the images, but stops at none of its parameters.",
        "critic": "L_G must not teach the critic to be fooled: freeze it.",
        "recognition": "in L_G the recognition head is a constant: it learns from L_D.",
    }
    others = (("generator",), ("trunk", "critic", "recognition"))
    for name, loss, part, foreign in zip(
        ("L_D", "L_G"), losses, ("critic", "generator"), others, strict=True
    ):
        reached = bool(part_gradient(loss, model, part).abs().max() > 0)
        checks.true(f"{name} and its own player", reached, f"sends no gradient to the {part}")
        for part in foreign:
            largest = float(part_gradient(loss, model, part).abs().max())
            problem = f"sends a gradient (up to {largest:.2g}) to the parameters of the {part}"
            checks.true(f"{name} and the {part}", largest == 0, problem, hints[part])
