"""Visible checks of lecture 05, hierarchical VAEs.

A function that draws random numbers is tested twice: its mean against a closed form of
:class:`~dgm_helpers.models.linear_chain.LinearChain`, and its noise, read off its results, against N(0, I).
"""

import math

import torch

from dgm_helpers import checks
from dgm_helpers.exercises.hierarchical_vae_oracles import (
    all_images,
    code_maps,
    coordinate_kl,
    decoder_log_prob,
    elbo_mistakes,
    elbo_noise,
    kl_mistakes,
    kl_noise,
    layer_one_mistakes,
    other_generator,
    random_chain,
    random_decoder,
    seed_from,
    shifted_chain,
    standard_normal,
    two_layer_chain,
)
from dgm_helpers.models.latent_hierarchy import LatentHierarchy
from dgm_helpers.models.linear_chain import LinearChain
from dgm_helpers.objectives import distributions, hierarchical

NOTHING_TO_DRAW = "p(z_L) is N(0, I), and (5.14) averages over all z_L: nothing is drawn."
LIBRARY_KL = (
    hierarchical.hierarchical_kl,
    LatentHierarchy.terms,
    LatentHierarchy.loss,
    LatentHierarchy.elbo,
    LinearChain.exact_kl,
    LinearChain.exact_elbo,
)
LIBRARY_ELBO = (hierarchical.hierarchical_elbo, *LIBRARY_KL[1:])
LIBRARY_SAMPLE = (
    hierarchical.ancestral_sample,
    LatentHierarchy.draw_latents,
    LatentHierarchy.generate,
    LatentHierarchy.sample,
)


@checks.exercise(reference=distributions.kl_diagonal_gaussians)
def kl_diagonal_gaussians(answer) -> None:
    """The KL of five pairs of Gaussians in three dimensions, against `torch.distributions.kl_divergence`; exact."""
    draw = checks.generator("05/kl_diagonal_gaussians/visible")
    arguments = 0.7 * torch.randn(4, 5, 3, generator=draw, dtype=torch.float64)
    expected = coordinate_kl(arguments[:2], arguments[2:]).sum(dim=-1)
    checks.equal("KL(q || p)", answer(*arguments), expected, unit="nats", mistakes=kl_mistakes(*arguments))
    checks.equal("KL(q || p)", answer(*arguments.float()), expected, unit="nats", case="float32")


@checks.exercise(reference=LIBRARY_KL)
def hierarchical_kl_top(answer) -> None:
    """The top layer's KL, which is not random, for one, two and three layers and for sizes of 1; exact.

    Then all layers of a chain without arrows, where q(z_i|x) is N(x, I) and the prior is N(0, I): each KL is ½ d_i x².
    """
    draw = checks.generator("05/hierarchical_kl/visible")
    for dims, rows in (((2, 2), 5), ((2,), 4), ((1,), 1), ((3, 1, 2), 2), ((2, 1), 1)):
        model, x = random_chain(dims, rows, draw)
        name, shape = f"KL of each of {len(dims)} layers", (rows, len(dims))
        first, second = (
            checks.as_tensor(name, answer(model, x, other_generator(draw)), shape) for _ in range(2)
        )
        q, p = model.encode(x), model.prior(len(dims), None)
        exact = coordinate_kl(q[-1], p)
        mistakes = {
            "the KL the other way, KL(p || q)": coordinate_kl(p, q[-1]).sum(dim=-1),
            "the mean over the latent dimensions: the KL is their sum": exact.mean(dim=-1),
        }
        if dims == (2, 2):
            mistakes["the KL of z_1 to N(0, I): the top layer is z_L"] = coordinate_kl(q[0], p).sum(dim=-1)
            if torch.allclose(first[:, 0], exact.sum(dim=-1)):
                mistakes["the KL of another layer: layer 1 comes first"] = first[:, -1]
            else:
                checks.true("KL of the top layer", torch.allclose(first[:, -1], second[:, -1]),
                            "it differs from call to call", hint=NOTHING_TO_DRAW)  # fmt: skip
        checks.equal(f"KL of the top layer of {len(dims)}", first[:, -1], exact.sum(dim=-1), unit="nats",
                     mistakes=mistakes)  # fmt: skip
    x = torch.tensor([[0.0], [0.1], [1.0], [100.0]], dtype=torch.float64)
    found = answer(shifted_chain((3, 1, 2)), x, other_generator(draw))
    exact = 0.5 * x.square() * torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64)
    checks.equal("KL of each layer, without arrows", found, exact, unit="nats")


@checks.exercise(reference=LIBRARY_KL)
def hierarchical_kl_mean(answer) -> None:
    """The mean of each layer's KL against the chain's closed form, and the noise in it.

    4,000 estimates for each of three data points; false-alarm rate 1e-6, and 1e-6 for the noise.
    """
    draw = checks.generator("05/hierarchical_kl/visible_2")
    model = two_layer_chain(draw)
    x = model.sample(3, draw)
    results = checks.as_tensor(
        "KL of each layer", answer(model, x.repeat(4_000, 1), other_generator(draw)), (12_000, 2)
    )
    exact, results = model.exact_kl(x), results.view(200, 20, 3, 2).mean(dim=1)
    checks.mean_equals("KL of layer 1", results[..., 0], exact[:, 0], unit="nats",
                       mistakes=layer_one_mistakes(model, x, exact))  # fmt: skip
    checks.equal("KL of layer 2", results[..., 1].mean(dim=0), exact[:, 1], unit="nats")
    once, again = (answer(model, x, torch.Generator().manual_seed(1)) for _ in range(2))
    checks.repeatable("KL of each layer", once, again)
    standard_normal("the noise of z_2", kl_noise(answer, (2, 2), 1_000, seed_from(draw)))


@checks.exercise(reference=LIBRARY_ELBO)
def hierarchical_elbo_mean(answer) -> None:
    """The mean for a chain of two layers, log p(x) minus the KL to the exact posterior, and the noise of z_1 and z_2.

    4,000 estimates for each of three data points; false-alarm rate 1e-6, and 1e-6 for the noise. Without arrows
    nothing is random, and the estimate is exact.
    """
    draw = checks.generator("05/hierarchical_elbo/visible")
    model = two_layer_chain(draw)
    x = model.sample(3, draw)
    results = checks.as_tensor("ELBO", answer(model, x.repeat(4_000, 1), other_generator(draw)), (12_000,))
    exact = model.log_prob(x) - model.gap(x)
    checks.mean_equals("ELBO", results.view(200, 20, 3).mean(dim=1), exact, unit="nats",
                       mistakes=elbo_mistakes(model, x, exact))  # fmt: skip
    once, again = (answer(model, x, torch.Generator().manual_seed(1)) for _ in range(2))
    checks.repeatable("ELBO", once, again)
    without_arrows(answer, draw)
    standard_normal("the noise of z_1 and z_2", elbo_noise(answer, (2, 2), 1_000, seed_from(draw)))


def without_arrows(answer, draw: torch.Generator) -> None:
    """Check the ELBO of chains in which no layer depends on another: no sample matters, and the estimate is exact.

    In the second chain q(z_i|x) is N(x, I), and every prior N(0, I). At x = 0 all KLs are 0, and the ELBO is positive.
    """
    model, x = random_chain((2, 2), 3, draw)
    for weight in model.weights:
        weight.zero_()
    first, second = (
        checks.as_tensor("ELBO without arrows", answer(model, x, other_generator(draw)), (3,))
        for _ in range(2)
    )
    checks.true("ELBO without arrows", torch.allclose(first, second), "it differs from call to call",
                hint="log q - log p at a sample is not k_i: (5.14) averages over all z_i.")  # fmt: skip
    checks.equal("ELBO without arrows", first, model.exact_elbo(x), unit="nats")
    model = shifted_chain((3, 1, 2))
    model.log_noises[0].fill_(-3)
    x = torch.tensor([[0.0], [0.1], [1.0], [10.0]], dtype=torch.float64)
    exact = torch.distributions.Normal(0, math.exp(-3)).log_prob(x[:, 0]) - 0.5 * 6 * x[:, 0].square()
    checks.equal("ELBO without arrows", answer(model, x, other_generator(draw)), exact, unit="nats")


@checks.exercise(reference=LIBRARY_ELBO)
def hierarchical_elbo_best_encoder(answer) -> None:
    """The best factorized encoder of a chain of three layers: log p(x) minus the ELBO is (5.19).

    4,000 estimates for each of two data points; false-alarm rate 1e-6.
    """
    draw = checks.generator("05/hierarchical_elbo/visible_2")
    model, x = random_chain((2, 1, 2), 2, draw)
    for weight, log_noise in zip(model.weights, model.log_noises, strict=True):
        weight.fill_(0.5)  # so that the layers of the posterior are correlated
        log_noise.fill_(-0.3)
    precision = model.set_best_encoder().exact_posterior(x)[1]
    gap = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision))
    results = checks.as_tensor("ELBO", answer(model, x.repeat(4_000, 1), other_generator(draw)), (8_000,))
    missing = model.log_prob(x) - results.view(200, 20, 2).mean(dim=1)
    checks.mean_equals("log p(x) minus the ELBO", missing, gap.expand(2), unit="nats")


@checks.exercise(reference=LIBRARY_SAMPLE)
def ancestral_sample(answer) -> None:
    """Three layers of a chain, against the library's samples for the same noise; exact."""
    draw = checks.generator("05/ancestral_sample/visible")
    model, _ = random_chain((2, 2, 2), 1, draw)
    for layer in (1, 2):
        model.log_noises[layer][:] = torch.tensor([-0.8, 0.5])
    noise = list(torch.randn(3, 5, 2, generator=draw, dtype=torch.float64))
    latents = checks.unpack("ancestral_sample", answer(model, noise), 3)
    exact = model.draw_latents(dict(enumerate(noise, start=1)))
    checks.equal("z_3, the top", latents[2], exact[2], mistakes={
        "another layer's latents: z_1 comes first": exact[0],
        "another layer's noise: that of z_1 comes first": noise[0],
        "the mean only: its noise is missing": 0 * exact[2]})  # fmt: skip
    for layer in (2, 1):
        mu, log_sigma = model.prior(layer, exact[layer])
        eps, here = noise[layer - 1], exact[layer - 1]
        above_mean = model.prior(2, exact[2])[0] if layer == 1 else torch.zeros_like(mu)
        checks.equal(f"z_{layer}", latents[layer - 1], here, mistakes={
            "the mean only: the noise is missing": mu,
            "σ² times the noise: multiply it by σ": mu + torch.exp(2 * log_sigma) * eps,
            "log σ times the noise: multiply it by σ": mu + log_sigma * eps,
            "the noise not multiplied by σ": mu + eps,
            "the noise only: the prior of this layer is not N(0, I)": eps,
            "the noise of the top layer used again": mu + log_sigma.exp() * noise[2],
            "the prior evaluated at the noise of the layer above instead of at its latents":
                here + model.prior(layer, noise[layer])[0] - mu,
            "the prior evaluated at the mean of the layer above instead of at its sample":
                here + model.prior(layer, above_mean)[0] - mu,
        })  # fmt: skip


@checks.exercise(reference=LIBRARY_SAMPLE)
def ancestral_sample_moments(answer) -> None:
    """Mean and covariance of all latents of a chain, from 20,000 rows of noise; false-alarm rate 1e-6."""
    draw = checks.generator("05/ancestral_sample/visible_2")
    model, _ = random_chain((2, 1), 1, draw)
    model.weights[1][:] = torch.tensor([[1.5], [-1.0]])
    model.biases[1].add_(2)
    noise = [torch.randn(20_000, dim, generator=draw, dtype=torch.float64) for dim in (2, 1)]
    latents = checks.unpack("ancestral_sample", answer(model, noise), 2)
    shapes = zip(("z_1", "z_2"), latents, (2, 1), strict=True)
    z = torch.cat([checks.as_tensor(name, part, (20_000, dim)) for name, part, dim in shapes], dim=-1)
    mean, covariance = (moment[..., 4:] for moment in model.moments())
    rate = 5e-7
    checks.mean_equals("mean of (z_1, z_2)", z.view(400, 50, 3).mean(dim=1), mean, false_alarm_rate=rate)
    products = torch.einsum("ni,nj->nij", z - mean, z - mean).view(400, 50, 3, 3).mean(dim=1)
    checks.mean_equals("covariance of (z_1, z_2)", products, covariance[4:], false_alarm_rate=rate)


@checks.exercise(reference=None)  # the library's decoder has gates
def pixelvae_log_prob(answer) -> None:
    """Four images of 4 × 5 pixels, told apart from typical wrong decoders; exact, against sums over visible places."""
    draw = checks.generator("05/pixelvae_log_prob/visible")
    x, z, *weights = random_decoder((4, 3, 4, 5, 2), draw)
    maps = code_maps(z, weights[0], x)
    exact = decoder_log_prob(x, maps, *weights[1:])
    mistakes = {
        "mask B on the image: the decoder sees the pixel that it predicts": {"kinds": ("B", "B")},
        "mask A on the features: a_n knows only earlier pixels, and may be seen": {"kinds": ("A", "A")},
        "the two masks exchanged: A comes first": {"kinds": ("B", "A")},
        "no masks: the decoder sees the pixel that it predicts, and later ones": {"kinds": ("all", "all")},
        "no mask on the second kernel: it sees features of later pixels": {"kinds": ("A", "all")},
        "the decoder without its code": {"maps": 0 * maps},
        "the code of the first image used for all": {"maps": maps[:1].expand_as(maps)},
        "the code added after the relu: add it before": {"late": True},
        "pixels in [-1, 1]: (5.25) reads them as 0 and 1": {"seen": 2 * x - 1},
        "the map of the code read with the channels last: they come first": {
            "maps": maps.flatten(1).view(4, 4, 5, 3).permute(0, 3, 1, 2)
        },
    }
    values = {
        hint: decoder_log_prob(x, *[change.pop("maps", maps), *weights[1:]], **change)
        for hint, change in mistakes.items()
    }
    checks.equal("log p(x|z)", answer(x, z, *weights), exact, unit="nats", mistakes=values | {
        "the mean over the pixels: (5.26) is their sum": exact / 20,
        "the sum over the batch: each image has its own likelihood": exact.sum(),
        "the probability: return its logarithm": exact.exp(),
        "the cost: a log-probability is negative": -exact,
    })  # fmt: skip


@checks.exercise(reference=None)
def pixelvae_sums_to_one(answer) -> None:
    """The probabilities of all 64 images of 2 × 3 pixels add up to one, for each of three codes; exact."""
    draw = checks.generator("05/pixelvae_log_prob/visible_2")
    _, z, *weights = random_decoder((3, 4, 2, 3, 2), draw)
    x = all_images(2, 3)
    results = answer(x.repeat(3, 1, 1, 1), z.repeat_interleave(64, 0), *weights)
    total = checks.as_tensor("log p(x|z)", results, (192,)).view(3, 64).exp().sum(dim=1)
    checks.equal("sum of p(x|z) over all images, for three codes", total, torch.ones(3))
