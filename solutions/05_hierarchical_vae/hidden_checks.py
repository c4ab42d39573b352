"""Hidden checks of lecture 05, hierarchical VAEs."""

import torch
from collections.abc import Mapping, Sequence
from dgm_helpers import checks
from dgm_helpers.exercises.hierarchical_vae import LIBRARY_ELBO, LIBRARY_KL, LIBRARY_SAMPLE
from dgm_helpers.exercises.hierarchical_vae_oracles import (
    all_images,
    code_maps,
    coordinate_kl,
    decoder_log_prob,
    elbo_noise,
    kl_noise,
    other_generator,
    random_chain,
    random_decoder,
    seed_from,
    standard_normal,
)
from dgm_helpers.models.hierarchical_vae import HierarchicalVAE
from dgm_helpers.objectives import distributions
from torch import Tensor
from torch.distributions import Bernoulli

MANY_LAYERS = (
    1,
    2,
    2,
    1,
    2,
)  # neighbors and others, of equal and of different sizes: no two may share noise
NO_SAMPLE_PATH = "the gradient without its path through samples and priors: detach neither"
CUT = "no detach(), no_grad() or item() between the arguments and the result."


def same_gradients(
    result: Tensor,
    exact: Tensor,
    leaves: Mapping[str, Sequence[Tensor]],
    draw: torch.Generator,
    cuts: Mapping[str, Tensor] | None = None,
) -> None:
    """Check the gradients of a random combination of a result's entries, in each group of leaves.

    Args:
        result: the student's result.
        exact: the oracle's result, with its graph.
        leaves: name -> tensors with respect to which both are differentiated.
        draw: draws the combination.
        cuts: hint -> the oracle's result with a part of its graph cut.
    """
    checks.true(
        "the result", result.requires_grad, "carries no gradient: it cannot be trained", hint=CUT
    )
    mix = torch.randn(exact.shape, generator=draw, dtype=torch.float64)

    def gradient(value: Tensor, group: Sequence[Tensor]) -> Tensor:
        found = torch.autograd.grad(
            (mix * value).sum(), group, allow_unused=True, retain_graph=True
        )
        pairs = zip(found, group, strict=True)
        return torch.cat(
            [torch.zeros_like(leaf).flatten() if g is None else g.flatten() for g, leaf in pairs]
        )

    for name, group in leaves.items():
        mistakes = {hint: gradient(value, group) for hint, value in (cuts or {}).items()}
        found, expected = gradient(result, group), gradient(exact, group)
        checks.equal(f"gradient with respect to {name}", found, expected, mistakes=mistakes)


# 5.1

BROADCASTS = (  # shapes of mu_q, log_sigma_q, mu_p, log_sigma_p
    ((6, 4), (6, 4), (4,), (4,)),
    ((2, 3), (2, 3), (5, 2, 3), (5, 2, 3)),
    ((3, 1), (3, 1), (3, 1), (3, 1)),
    ((2,), (2,), (7, 2), (7, 2)),
    ((1,), (1,), (1,), (1,)),
    ((5,), (5,), (5,), (5,)),
    ((1, 4), (1, 4), (1, 4), (1, 4)),
    ((6, 3), (1,), (3,), (1,)),
    ((4, 3), (4, 3), (1,), (1,)),
    ((1,), (2, 1), (5, 1, 3), (3,)),
)


@checks.exercise(reference=distributions.kl_diagonal_gaussians)
def broadcast_gaussians(answer) -> None:
    """Shapes that broadcast, sizes of 1, and q = p; exact, against `torch.distributions`."""
    draw = checks.generator("05/kl_diagonal_gaussians/hidden")
    for shapes in BROADCASTS:
        arguments = [torch.randn(shape, generator=draw, dtype=torch.float64) for shape in shapes]
        exact = coordinate_kl(arguments[:2], arguments[2:]).sum(dim=-1)
        checks.equal(
            "KL(q || p)", answer(*arguments), exact, unit="nats", case=" ".join(map(str, shapes))
        )
    mu, log_sigma = 3 * torch.randn(2, 4, 2, generator=draw, dtype=torch.float64)
    checks.equal("KL(q || q)", answer(mu, log_sigma, mu, log_sigma), torch.zeros(4))


@checks.exercise(reference=distributions.kl_diagonal_gaussians)
def narrow_and_wide_gaussians(answer) -> None:
    """Means up to 30 apart and σ from exp(-6) to exp(4), and the gradients with respect to all arguments; exact."""
    draw = checks.generator("05/kl_diagonal_gaussians/hidden_2")
    widths = torch.tensor([-6.0, -0.3, 4.0]).double()
    grid = torch.cartesian_prod(torch.tensor([-30.0, 0.2, 0.9]).double(), widths, widths)
    mu_q, log_sigma_q, log_sigma_p = grid.T[..., None]
    arguments = mu_q, log_sigma_q, torch.full_like(mu_q, 0.4), log_sigma_p
    exact = coordinate_kl(arguments[:2], arguments[2:]).sum(dim=-1)
    checks.equal("KL(q || p)", answer(*arguments), exact, case="narrow and wide", unit="nats")
    for shape in ((3, 2), (2,)):
        shapes = (3, 2), (3, 2), shape, shape
        leaves = [
            torch.randn(s, generator=draw, dtype=torch.float64).requires_grad_() for s in shapes
        ]
        exact = coordinate_kl(leaves[:2], leaves[2:]).sum(dim=-1)
        names = ("mu_q", "log_sigma_q", "mu_p", "log_sigma_p")
        groups = {name: [leaf] for name, leaf in zip(names, leaves, strict=True)}
        same_gradients(answer(*leaves), exact, groups, draw)


# 5.2 and 5.3


def random_vae(dims: tuple[int, ...], draw: torch.Generator) -> HierarchicalVAE:
    """Return a small model in which means and standard deviations of all layers are networks."""
    model = HierarchicalVAE(data_dim=5, latent_dims=dims, hidden=6).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=draw, dtype=torch.float64))
    return model


def latents_of(model: HierarchicalVAE, x: Tensor, noise: Tensor, lowest: int) -> list[Tensor]:
    """Return z_lowest, …, z_L ~ q(z|x) made from this noise, whose columns are those of these layers."""
    posteriors = model.encode(x)[lowest - 1 :]
    parts = noise.split([mu.shape[1] for mu, _ in posteriors], dim=1)
    return [
        mu + log_sigma.exp() * part for (mu, log_sigma), part in zip(posteriors, parts, strict=True)
    ]


def exact_kl(model: HierarchicalVAE, x: Tensor, above: list[Tensor]) -> Tensor:
    """Return the KL of each layer given z_2, …, z_L, ``[B, L]``."""
    pairs = zip(model.encode(x), [*above, None], strict=True)
    layers = [
        coordinate_kl(q, model.prior(i, z)).sum(dim=-1) for i, (q, z) in enumerate(pairs, start=1)
    ]
    return torch.stack(layers, dim=-1)


def leaf_groups(model: HierarchicalVAE, x: Tensor) -> dict[str, list[Tensor]]:
    """Return the tensors with respect to which a KL or an ELBO is differentiated, by name."""
    return {
        "x": [x],
        "the parameters of the encoder": [*model.readers.parameters(), *model.heads.parameters()],
        "the parameters of the priors": [*model.priors.parameters()],
    }


@checks.exercise(reference=LIBRARY_KL)
def kl_of_three_layers(answer) -> None:
    """Three layers of different sizes: the mean of each layer's KL against the chain's closed form.

    4,000 estimates for each of two data points; false-alarm rate 9e-7. Then the noise of five layers, 1e-6.
    """
    draw = checks.generator("05/hierarchical_kl/hidden")
    model, x = random_chain((3, 1, 2), 2, draw)
    for weight, log_noise in zip(model.weights, model.log_noises, strict=True):
        weight.copy_(weight.sign() * (0.7 + weight.abs()))
        log_noise.fill_(-0.3)
    results = checks.as_tensor(
        "KL of each layer",
        answer(model, x.repeat(4_000, 1), other_generator(draw)),
        (8_000, 3),
    )
    results, exact = results.view(200, 20, 2, 3).mean(dim=1), model.exact_kl(x)
    for layer in (1, 2, 3):
        checks.mean_equals(f"KL of layer {layer} of 3", results[..., layer - 1], exact[:, layer - 1],
                           false_alarm_rate=3e-7, unit="nats")  # fmt: skip
    standard_normal(
        "the noise of z_2, …, z_5", kl_noise(answer, MANY_LAYERS, 3_000, seed_from(draw))
    )


@checks.exercise(reference=LIBRARY_KL)
def kl_given_the_noise(answer) -> None:
    """Values and gradients for the noise that the function drew, in models whose σ are networks; exact.

    The gradients are those with respect to x and all parameters of the encoder and the priors.
    """
    draw = checks.generator("05/hierarchical_kl/hidden_2")
    for dims, rows in (((3, 1, 2), 5), ((1, 2), 1), ((2, 1), 600), (MANY_LAYERS, 2)):
        seed, model = seed_from(draw), random_vae(dims, draw)
        x = torch.rand(rows, 5, generator=draw, dtype=torch.float64).requires_grad_()
        noise = kl_noise(answer, dims, rows, seed, calls=1)
        result = answer(model, x, torch.Generator().manual_seed(seed))
        above = latents_of(model, x, noise, 2)
        exact, cut = exact_kl(model, x, above), exact_kl(model, x, [z.detach() for z in above])
        checks.equal(
            "KL of each layer, given its noise", result, exact, case=f"sizes {dims}", unit="nats"
        )
        same_gradients(result, exact, leaf_groups(model, x), draw, {NO_SAMPLE_PATH: cut})


@checks.exercise(reference=LIBRARY_ELBO)
def elbo_of_exact_posterior(answer) -> None:
    """Layers without an arrow between them, and an encoder that is the exact posterior: the ELBO is log p(x).

    4,000 estimates for each of three data points, false-alarm rate 1e-6; and the noise of five layers, 1e-6.
    """
    draw = checks.generator("05/hierarchical_elbo/hidden")
    model, _ = random_chain((2, 3), 1, draw)
    columns = torch.linalg.qr(torch.randn(4, 2, generator=draw, dtype=torch.float64)).Q
    model.weights[0].copy_(2 * model.log_noises[0].exp()[:, None] * columns)
    model.weights[1].zero_()
    x = model.set_best_encoder().sample(3, draw)
    results = checks.as_tensor(
        "ELBO", answer(model, x.repeat(4_000, 1), other_generator(draw)), (12_000,)
    )
    results = results.view(200, 20, 3).mean(dim=1)
    checks.mean_equals("ELBO, which is log p(x) here", results, model.log_prob(x), unit="nats")
    standard_normal(
        "the noise of z_1, …, z_5", elbo_noise(answer, MANY_LAYERS, 3_000, seed_from(draw))
    )


@checks.exercise(reference=LIBRARY_ELBO)
def elbo_given_the_noise(answer) -> None:
    """Values and gradients for the noise that the function drew, for one to five layers and sizes of 1; exact.

    The gradients are those with respect to x and all parameters of the model.
    """
    draw = checks.generator("05/hierarchical_elbo/hidden_2")
    for dims, rows in (((3, 1, 2), 5), ((2,), 4), ((1, 2), 1), ((1,), 1), (MANY_LAYERS, 2)):
        seed, model = seed_from(draw), random_vae(dims, draw)
        x = torch.rand(rows, 5, generator=draw, dtype=torch.float64).requires_grad_()
        z = latents_of(model, x, elbo_noise(answer, dims, rows, seed, calls=1), 1)
        held = [part.detach() for part in z]
        result = answer(model, x, torch.Generator().manual_seed(seed))
        exact, cut = (
            model.log_likelihood(x, first) - exact_kl(model, x, above).sum(dim=-1)
            for first, *above in (z, held)
        )
        checks.equal("ELBO, given its noise", result, exact, case=f"sizes {dims}", unit="nats")
        groups = leaf_groups(model, x) | {
            "the parameters of the decoder": [*model.decoder.parameters()]
        }
        groups = {name: group for name, group in groups.items() if group}
        same_gradients(result, exact, groups, draw, {NO_SAMPLE_PATH: cut})


# 5.4


@checks.exercise(reference=LIBRARY_SAMPLE)
def samples_of_networks(answer) -> None:
    """Layers of different sizes whose mean and σ are networks, a single layer, a single row; exact.

    Undoing (5.22) on the returned latents must give the noise back.
    """
    draw = checks.generator("05/ancestral_sample/hidden")
    for dims, rows in (((3, 1, 2), 6), ((4,), 3), ((1, 1), 1), ((1, 2, 1, 3), 1)):
        model = random_vae(dims, draw).requires_grad_(False)
        noise = [torch.randn(rows, dim, generator=draw, dtype=torch.float64) for dim in dims]
        found = checks.unpack("ancestral_sample", answer(model, noise), len(dims))
        shapes = enumerate(zip(found, dims, strict=True), start=1)
        latents = [checks.as_tensor(f"z_{i}", z, (rows, dim)) for i, (z, dim) in shapes]
        for i, (z, above) in enumerate(zip(latents, [*latents[1:], None], strict=True), start=1):
            mu, log_sigma = model.prior(i, above)
            checks.equal(f"noise in z_{i} of {len(dims)}", (z - mu) / log_sigma.exp(), noise[i - 1])


@checks.exercise(reference=LIBRARY_SAMPLE)
def new_noise_for_one_layer(answer) -> None:
    """New noise for one layer of three: layers above keep their values, that one and those below follow; exact."""
    draw = checks.generator("05/ancestral_sample/hidden_2")
    model, _ = random_chain((2, 2, 2), 1, draw)
    for weight in model.weights:
        weight.copy_(weight.sign() * (0.5 + weight.abs()))
    noise = list(torch.randn(3, 4, 2, generator=draw, dtype=torch.float64))
    for changed in (1, 2, 3):
        new = torch.randn(4, 2, generator=draw, dtype=torch.float64)
        noise = [new if layer == changed else old for layer, old in enumerate(noise, start=1)]
        exact = model.draw_latents(dict(enumerate(noise, start=1)))
        found = checks.unpack("ancestral_sample", answer(model, noise), 3)
        for layer in (3, 2, 1):
            checks.equal(
                f"z_{layer}, with new noise in layer {changed}", found[layer - 1], exact[layer - 1]
            )


# 5.5


@checks.exercise(reference=None)
def decoders_of_other_sizes(answer) -> None:
    """Sizes of 1 everywhere, many latents, large weights, float32, and logits in the thousands; exact.

    Also logits from -15 to 15 for images of a single pixel: none may be rounded or clamped.
    """
    draw = checks.generator("05/pixelvae_log_prob/hidden")
    sizes = (
        (3, 4, 6, 3, 5),
        (1, 1, 3, 7, 1),
        (5, 2, 1, 4, 3),
        (1, 3, 5, 1, 2),
        (2, 2, 1, 1, 1),
        (1, 1, 1, 1, 1),
    )
    for batch, channels, height, width, latents in sizes:
        x, z, *weights = random_decoder((batch, channels, height, width, latents), draw)
        weights[0] = weights[0].abs() * z[0].sign()  # the code of the first image opens every relu
        exact = log_prob_of(x, z, *weights)
        case = f"{batch} images of {height} × {width}, {channels} channels, {latents} latents"
        checks.equal("log p(x|z)", answer(x, z, *weights), exact, case=case, unit="nats")
    x, *large = random_decoder((3, 4, 6, 3, 5), draw)
    large = [4 * value for value in large]
    checks.equal(
        "log p(x|z)", answer(x, *large), log_prob_of(x, *large), case="large weights", unit="nats"
    )
    x, z, *weights = random_decoder((3, 4, 6, 3, 5), draw)
    single, exact = [value.float() for value in (x, z, *weights)], log_prob_of(x, z, *weights)
    checks.equal("log p(x|z)", answer(*single), exact, case="float32", unit="nats")
    logits_of_one_pixel(answer)
    weights[3] = 5_000 * weights[3]
    exact = log_prob_of(x, z, *weights)
    checks.equal(
        "log p(x|z)", answer(x, z, *weights), exact, case="logits in the thousands", unit="nats"
    )


def logits_of_one_pixel(answer) -> None:
    """Check images of a single pixel for logits l from -15 to 15, where z and the features equal |l|."""
    size = torch.linspace(0, 15, 61, dtype=torch.float64)
    one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    kernels = one.expand(1, 1, 3, 3)
    for pixel in (0, 1):
        x = pixel * one.expand(61, 1, 1, 1)
        for sign in (-1, 1):
            found = answer(x, size[:, None], one[0, 0], kernels, kernels, sign * one)
            exact = Bernoulli(logits=sign * size).log_prob(x.flatten())
            checks.equal("log p(x|z) of one pixel", found, exact, case=f"x = {pixel}", unit="nats")


def log_prob_of(x: Tensor, z: Tensor, upsample: Tensor, *kernels: Tensor) -> Tensor:
    """Return log p(x|z) of (5.26), ``[B]``."""
    return decoder_log_prob(x, code_maps(z, upsample, x), *kernels)


@checks.exercise(reference=None)
def first_and_last_pixel(answer) -> None:
    """The first pixel sees no other, the last one all others, and both the code. Gradients in z and the weights.

    Exact, from the 64 log-probabilities of images of 3 × 2 pixels.
    """
    draw = checks.generator("05/pixelvae_log_prob/hidden_2")
    x, (_, z, *weights) = all_images(3, 2), random_decoder((1, 3, 3, 2, 3), draw)
    leaves = [leaf.requires_grad_() for leaf in (z, *weights)]
    exact = decoder_log_prob(x, code_maps(z, weights[0], x[:1]), *weights[1:])
    result = answer(x, z.expand(64, 3), *weights)
    log_prob, truth = checks.as_tensor("log p(x|z)", result, (64,)), exact.detach()
    checks.equal("p(the first pixel is 1)", log_prob[32:].exp().sum(), truth[32:].exp().sum())
    odds, expected = (value.view(32, 2).diff(dim=1)[:, 0] for value in (log_prob, truth))
    checks.equal("log-odds of the last pixel, given all others", odds, expected)
    names = ("z", "upsample", "first", "second", "output")
    groups = {name: [leaf] for name, leaf in zip(names, leaves, strict=True)}
    same_gradients(result, exact, groups, draw)
