"""Hidden checks of lecture 10, InfoGAN."""

import math
import torch
from dgm_helpers import checks
from dgm_helpers.exercises.infogan import CODE, GAN_LOSSES, STEP
from dgm_helpers.exercises.infogan_oracles import (
    confident_games,
    continuous_bound,
    cross_entropy,
    latent_parts,
    part_gradient,
    small_game,
    step_losses,
    terms,
    uniform,
    uniform_part,
)
from dgm_helpers.layers.latent_code import LatentLayout
from dgm_helpers.objectives import mutual_information
from itertools import combinations_with_replacement
from torch import Tensor
from torch.nn.functional import one_hot

VECTORS = 8_000
SMALL_CALLS = 500


@checks.exercise(reference=LatentLayout.sample)
def independent_coordinates(answer) -> None:
    """All coordinates are independent of each other and from row to row, in one large call and in 500 of two rows.

    See `independent` and the checks of samplers. Calls of two rows expose balanced categories and stratified or
    mirrored numbers. False-alarm rate 4e-6.
    """
    draw, sizes = checks.generator("10/sample_latent/hidden"), (3, 2)
    latent, _, _ = latent_parts(answer(VECTORS, 2, sizes, 2, draw), VECTORS, 2, sizes, 2)
    independent("in one call", latent, 2, sizes)
    calls = [latent_parts(answer(2, 2, sizes, 2, draw), 2, 2, sizes, 2) for _ in range(SMALL_CALLS)]
    latent = torch.cat([call[0] for call in calls])
    uniform("noise and continuous codes of small calls", uniform_part(latent, 2, sizes))
    for j, size in enumerate(sizes):
        batches = torch.stack([call[1][:, j] for call in calls])
        checks.frequencies(
            f"values of c_{j + 1} in small calls", batches, torch.full((size,), 1 / size)
        )
    independent("in many small calls", latent, 2, sizes)


def independent(case: str, latent: Tensor, noise: int, sizes: tuple[int, ...]) -> None:
    """Check that no coordinate, nor its square, varies together with a different one, in the same or another row.

    Over n rows the correlation of two independent columns is normal with variance 1/n, at every shift of one against
    the other, and 2/n in reversed order for a column with itself. The nominal false-alarm rate is 1e-8. The normal
    distribution's tail is a little too short, but the true rate stays below 1e-6. A correlation of 0.38 over 1,000
    rows, or of 0.13 over 8,000, is found with probability above 0.999.
    """
    numbers = uniform_part(latent, noise, sizes)
    hot = latent[:, noise : noise + sum(sizes)]
    columns = torch.cat([numbers, numbers**2, hot], dim=1)
    columns = (columns - columns.mean(dim=0)) / columns.std(dim=0).clamp_min(1e-12)
    names = [f"coordinate {i}" for i in range(numbers.shape[1])]
    names += [f"the square of {name}" for name in names]
    names += [f"c_{j + 1}" for j, size in enumerate(sizes) for _ in range(size)]
    count, transform = len(columns), torch.fft.rfft(columns, dim=0)
    pairs = list(combinations_with_replacement(range(len(names)), 2))
    limit = math.sqrt(2) * torch.erfinv(
        torch.tensor(1 - 1e-8 / (2 * count * len(pairs)), dtype=torch.float64)
    )
    for i, j in pairs:
        shifted = torch.fft.irfft(transform[:, i] * transform[:, j].conj(), n=count)
        if names[i].removeprefix("the square of ") == names[j].removeprefix("the square of "):
            shifted[0] = 0.0  # a column with itself
        reversed_order = torch.fft.irfft(transform[:, i] * transform[:, j], n=count) / (
            2**0.5 if i == j else 1
        )
        for order, products in (("", shifted), (" in reversed order", reversed_order)):
            largest, row = (float(value) for value in products.abs().max(dim=0))
            checks.true(
                f"independence {case}",
                largest / math.sqrt(count) <= limit,
                f"{names[i]} and {names[j]}, {row:.0f} rows apart{order}, have correlation {largest / count:.2f}",
                "draw every number of every row independently.",
            )


@checks.exercise(reference=LatentLayout.sample)
def latent_sizes(answer) -> None:
    """The numbers' generator; then the layout for one row, no noise, no continuous code, the SVHN model; exact."""
    draw = checks.generator("10/sample_latent/hidden_2")
    numbers_from_generator(answer, draw)
    for n, noise, sizes, continuous in (
        (3, 124, (10,) * 4, 4),
        (1, 2, (2,), 1),
        (5, 0, (2, 3), 0),
        (1, 1, (26, 2), 3),
    ):
        latent, values, codes = latent_parts(
            answer(n, noise, sizes, continuous, draw), n, noise, sizes, continuous
        )
        hot = torch.cat([one_hot(values[:, j].long(), size) for j, size in enumerate(sizes)], dim=1)
        case = f"n = {n}, {noise} of noise, categories {sizes}, {continuous} continuous"
        checks.equal("one-hot part", latent[:, noise : noise + sum(sizes)], hot, case=case)
        checks.equal(
            "continuous part", latent[:, noise + sum(sizes) :], codes, case=case, atol=0, rtol=0
        )


def numbers_from_generator(answer, draw: torch.Generator) -> None:
    """Check that an equal generator repeats everything, and that each coordinate changes with seed and call."""
    sizes, seed = (10, 4, 3, 5), int(torch.randint(1000, (1,), generator=draw))
    one, equal, other = (torch.Generator().manual_seed(number) for number in (seed, seed, seed + 1))
    first, again = (
        checks.unpack("sample_latent", answer(60, 3, sizes, 2, rng), 3) for rng in (one, equal)
    )
    for name, left, right in zip(("latent vectors", "values", "codes"), first, again, strict=True):
        checks.repeatable(name, left, right)
    before = latent_parts(first, 60, 3, sizes, 2)[0]
    for case, rng in (
        ("for another seed", other),
        ("in the next call with the same generator", one),
    ):
        after = latent_parts(answer(60, 3, sizes, 2, rng), 60, 3, sizes, 2)[0]
        for block in (*range(3), slice(3, 13), slice(13, 17), slice(17, 20), slice(20, 25), 25, 26):
            first_column = block.start if isinstance(block, slice) else block
            checks.true(
                f"numbers {case}",
                not torch.equal(before[:, block], after[:, block]),
                f"the numbers from column {first_column} of the latent vectors are the same",
                "draw from the `generator` argument, and make no other generator.",
            )
        checks.independent_calls(
            "noise and continuous codes",
            uniform_part(before, 3, sizes),
            uniform_part(after, 3, sizes),
        )


@checks.exercise(reference=mutual_information.info_lower_bound_categorical)
def categorical_sizes(answer) -> None:
    """Logits in the thousands, with q right and wrong; 2, 4, 10 and 26 values; one row; float32; exact."""
    draw = checks.generator("10/info_lower_bound_categorical/hidden")
    for batch, size, scale, offset in ((5, 4, 1000.0, 0.0), (1, 26, 1.0, 0.0), (6, 2, 50.0, -3000.0), (1, 2, 1.0, 5.0),
                                       (12, 10, 4.0, 0.0)):  # fmt: skip
        logits = offset + 0.3 * scale * torch.randn(
            batch, size, generator=draw, dtype=torch.float64
        )
        category = torch.arange(batch) % size
        rows = torch.arange(batch)
        favored = torch.where(
            rows % 3 == 1, category, (category + 1) % size
        )  # right in every third row
        logits[rows, favored] += 3 * scale
        log_q = torch.distributions.Categorical(logits=logits).log_prob(category)
        case = f"K = {size}, {batch} rows, logits of size {abs(offset) + 3 * scale:.0f}"
        checks.equal(CODE, answer(logits, category), math.log(size) + log_q, case=case, unit="nats")
        single = logits.float()
        exact = math.log(size) + torch.distributions.Categorical(logits=single.double()).log_prob(
            category
        )
        checks.equal(
            CODE, answer(single, category), exact, case=f"{case}, float32", unit="nats", atol=1e-5
        )
    flat = answer(torch.full((3, 10), 7.0), torch.tensor([0, 4, 9]))
    checks.equal("bound of a q that repeats the prior", flat, torch.zeros(3), unit="nats")


@checks.exercise(reference=mutual_information.info_lower_bound_categorical)
def categorical_gradient(answer) -> None:
    """The gradient with respect to the logits, one-hot minus softmax in each row, even in the thousands; exact."""
    draw = checks.generator("10/info_lower_bound_categorical/hidden_2")
    for batch, size, scale in ((6, 3, 1.0), (4, 5, 2000.0), (1, 2, 1.0)):
        logits = scale * torch.randn(batch, size, generator=draw, dtype=torch.float64)
        category = torch.arange(batch) % size
        logits[torch.arange(batch), (category + 1) % size] += scale
        logits.requires_grad_()
        weights = 0.5 + torch.rand(batch, generator=draw, dtype=torch.float64)
        rows = answer(logits, category)
        exact = torch.distributions.Categorical(logits=logits.detach()).log_prob(
            category
        ) + math.log(size)
        checks.equal(CODE, rows, exact, unit="nats")
        checks.true("bound", rows.requires_grad, "carries no gradient, so it cannot be trained",
                    hint="no detach(), no_grad(), item() or argmax between the logits and the result.")  # fmt: skip
        (gradient,) = torch.autograd.grad((weights * rows).sum(), logits)
        exact = weights[:, None] * (one_hot(category, size) - logits.detach().softmax(dim=1))
        checks.equal("gradient in the logits", gradient, exact, case=f"logits of size {scale:.0f}")


@checks.exercise(reference=mutual_information.info_lower_bound_continuous)
def continuous_sizes(answer) -> None:
    """Very narrow and very wide q, far from the code and near it; one code, one row; float32; exact.

    With two narrow q near their codes log q is positive; far from them it is minus millions.
    """
    draw = checks.generator("10/info_lower_bound_continuous/hidden")
    for batch, size, log_width, off in ((4, 2, -10.0, 1.0), (1, 7, -1.0, 1.0), (3, 1, 3.0, 0.1), (1, 1, -2.0, 1.0),
                                        (5, 2, -6.0, 400.0), (2, 3, -4.0, 0.3)):  # fmt: skip
        log_sigma = log_width + 0.2 * torch.randn(batch, size, generator=draw, dtype=torch.float64)
        code = 2 * torch.rand(batch, size, generator=draw, dtype=torch.float64) - 1
        signs = torch.where(torch.arange(batch * size) % 2 == 0, 1.0, -1.0).view(batch, size)
        lengths = 0.5 + torch.rand(batch, size, generator=draw, dtype=torch.float64)
        mu = code + off * signs * lengths * log_sigma.exp()
        exact, log_2pi = continuous_bound(mu, log_sigma, code), math.log(2 * math.pi)
        variance = torch.exp(2 * log_sigma) + 1e-8
        padded = -0.5 * ((code - mu) ** 2 / variance + log_2pi + variance.log()).sum(
            dim=1
        ) + size * math.log(2)
        mistakes = {"a variance with 1e-8 added: then the density is a different one": padded}
        checks.equal(
            CODE,
            answer(mu, log_sigma, code),
            exact,
            unit="nats",
            case=f"{batch} rows, {size} codes, σ near {math.exp(log_width):.2g}, {off:g} σ away",
            mistakes=mistakes if log_width < -5 else None,  # elsewhere 1e-8 changes nothing
        )
    mu, log_sigma, code = (part.float() for part in (0.5 * mu, log_sigma + 3, code))
    exact = continuous_bound(mu.double(), log_sigma.double(), code.double())
    checks.equal(CODE, answer(mu, log_sigma, code), exact, case="float32", unit="nats")


@checks.exercise(reference=mutual_information.info_lower_bound_continuous)
def continuous_gradients(answer) -> None:
    """The gradients with respect to mu and log_sigma, for wide and for narrow q; exact."""
    draw = checks.generator("10/info_lower_bound_continuous/hidden_2")
    for batch, size, log_width in ((5, 2, 0.0), (3, 4, -9.0), (1, 1, -1.0)):
        log_sigma = log_width + 0.5 * torch.randn(batch, size, generator=draw, dtype=torch.float64)
        code = 2 * torch.rand(batch, size, generator=draw, dtype=torch.float64) - 1
        mu = (
            code
            + (2 + torch.rand(batch, size, generator=draw, dtype=torch.float64)) * log_sigma.exp()
        )
        weights = 0.5 + torch.rand(batch, generator=draw, dtype=torch.float64)
        leaves = [part.clone().requires_grad_() for part in (mu, log_sigma)]
        rows = answer(*leaves, code)
        case = f"σ near {math.exp(log_width):.2g}"
        checks.equal(CODE, rows, continuous_bound(mu, log_sigma, code), unit="nats", case=case)
        checks.true("bound", rows.requires_grad, "carries no gradient, so it cannot be trained")
        gradients = torch.autograd.grad((weights * rows).sum(), leaves, allow_unused=True)
        standardized = (code - mu) / log_sigma.exp()
        expected = (standardized / log_sigma.exp(), standardized**2 - 1)
        for name, gradient, exact in zip(("mu", "log_sigma"), gradients, expected, strict=True):
            gradient = torch.zeros_like(exact) if gradient is None else gradient
            checks.equal(f"gradient in {name}", gradient, weights[:, None] * exact, case=case)


@checks.exercise(reference=GAN_LOSSES)
def confident_discriminator(answer) -> None:
    """Logits in the hundreds, of either sign; a single real or generated image; float32; exact."""
    draw = checks.generator("10/gan_losses/hidden")
    for count, other, scale, center in ((5, 3, 300.0, 0.0), (4, 6, 1.0, 800.0), (3, 2, 1.0, -800.0), (1, 4, 1.0, 0.0),
                                        (4, 1, 1.0, -90.0), (1, 1, 5.0, 0.0)):  # fmt: skip
        real = center + scale * torch.randn(count, generator=draw, dtype=torch.float64)
        fake = -center + scale * torch.randn(other, generator=draw, dtype=torch.float64)
        for dtype in (torch.float64, torch.float32):
            given = real.to(dtype), fake.to(dtype)
            losses = checks.unpack("gan_losses", answer(*given), 2)
            first, second = (logits.double() for logits in given)
            exact = (
                cross_entropy(first, 1.0) + cross_entropy(second, 0.0),
                cross_entropy(second, 1.0),
            )
            case = f"{count} real, {other} generated, logits of size {abs(center) + scale:.0f}, {dtype}"
            for name, loss, value in zip(
                ("discriminator", "generator"), losses, exact, strict=True
            ):
                checks.equal(f"loss of the {name}", loss, value, case=case, unit="nats")


@checks.exercise(reference=GAN_LOSSES)
def adversarial_gradients(answer) -> None:
    """The gradients with respect to all logits; the generator's does not vanish where D is sure; exact."""
    draw = checks.generator("10/gan_losses/hidden_2")
    for center in (0.0, -60.0, -900.0, 900.0):
        real = (-center + torch.randn(4, generator=draw, dtype=torch.float64)).requires_grad_()
        fake = (center + torch.randn(5, generator=draw, dtype=torch.float64)).requires_grad_()
        losses = checks.unpack("gan_losses", answer(real, fake), 2)
        case = f"logits of generated images near {center:.0f}"
        exact = cross_entropy(real, 1.0) + cross_entropy(fake, 0.0), cross_entropy(fake, 1.0)
        for name, loss, value in zip(("discriminator", "generator"), losses, exact, strict=True):
            checks.equal(f"loss of the {name}", loss, value.detach(), case=case, unit="nats")
            checks.true(f"loss of the {name}", loss.requires_grad, "carries no gradient")
        gradients = torch.autograd.grad(
            losses[0], (real, fake), allow_unused=True, retain_graph=True
        )
        gradients += torch.autograd.grad(losses[1], (real, fake), allow_unused=True)
        names = [
            f"{loss}, gradient in {kind} logits"
            for loss in ("L_D", "L_G")
            for kind in ("real", "generated")
        ]
        slopes = (
            -torch.sigmoid(-real) / 4,
            torch.sigmoid(fake) / 5,
            torch.zeros(4),
            -torch.sigmoid(-fake) / 5,
        )
        for name, gradient, slope in zip(names, gradients, slopes, strict=True):
            gradient = torch.zeros_like(slope) if gradient is None else gradient
            checks.equal(
                name.replace("L_D", "discriminator").replace("L_G", "generator"),
                gradient,
                slope.detach(),
                case=case,
            )


@checks.exercise(reference=STEP)
def gradients_of_discriminator(answer) -> None:
    """The gradients of L_D for critic, recognition and trunk; the trunk's has terms of the game and of L_I; exact."""
    draw = checks.generator("10/infogan_step_losses/hidden")
    model = small_game(draw)
    x, latent = (
        2 * torch.randn(7, 5, generator=draw, dtype=torch.float64),
        model.sample_latent(4, draw),
    )
    games = {"weights (0.8, 0.3)": (model, x, latent, (0.8, 0.3)), **confident_games(draw)}
    for case, game in games.items():
        loss, _ = step_losses(answer, game, case)
        for part in ("critic", "recognition", "trunk"):
            own_gradients(f"gradient of L_D in the {part}", loss, game, part, case)


@checks.exercise(reference=STEP)
def gradients_of_generator(answer) -> None:
    """The gradient of L_G for the generator, with terms of the game and of L_I; exact."""
    draw = checks.generator("10/infogan_step_losses/hidden_2")
    model = small_game(draw)
    x, latent = (
        2 * torch.randn(3, 5, generator=draw, dtype=torch.float64),
        model.sample_latent(7, draw),
    )
    games = {"weights (0.8, 0.3)": (model, x, latent, (0.8, 0.3)), **confident_games(draw)}
    for case, game in games.items():
        _, loss = step_losses(answer, game, case)
        own_gradients("gradient of L_G in the generator", loss, game, "generator", case)


def own_gradients(name: str, loss: Tensor, game: tuple, part: str, case: str) -> None:
    """Compare a loss's gradient for a part of the model with autograd's gradient of the player's terms."""
    model, x, latent, weights = game
    first, second, (discrete, continuous) = terms(model, x, latent)
    adversarial = part_gradient(second if part == "generator" else first, model, part)
    information = part_gradient(-weights[0] * discrete - weights[1] * continuous, model, part)
    mistakes = {
        f"a gradient of only the game: that of L_I must reach the {part} as well": adversarial,
        f"a gradient of only L_I: that of the game must reach the {part} as well": information,
        "no gradient: freeze the other player's parameters, but do not detach images": 0
        * information,
    }
    both = part in ("trunk", "generator")
    gradient = part_gradient(loss, model, part)
    checks.equal(
        name, gradient, adversarial + information, case=case, mistakes=mistakes if both else None
    )


@checks.exercise(reference=STEP)
def other_games(answer) -> None:
    """Images, two categorical codes and no continuous one, a critic that sees its batch, a single image; exact."""
    draw = checks.generator("10/infogan_step_losses/hidden_3")
    images = {"data_shape": (1, 4, 4), "noise_dim": 2, "categories": (3, 2), "continuous": 0, "q_hidden": 5,
              "output": "sigmoid"}  # fmt: skip
    batches = {"minibatch_kernels": 2, "minibatch_dims": 3}
    for case, options, real, generated in (
        ("images, two categorical codes", images, 3, 8),
        ("a critic that sees its whole batch", batches, 4, 6),
        ("one continuous code", {"categories": (), "continuous": 1, "noise_dim": 1}, 2, 3),
        ("one real, one generated", {}, 1, 1),
    ):
        model = small_game(draw, **options)
        x = torch.rand(real, *model.config["data_shape"], generator=draw, dtype=torch.float64)
        game = (model, x, model.sample_latent(generated, draw), (1.5, 0.6))
        loss = sum(step_losses(answer, game, case))
        for part in ("trunk", "critic", "recognition", "generator"):
            own_gradients(f"gradient of L_D + L_G in the {part}", loss, game, part, case)
