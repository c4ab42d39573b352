"""Exact distributions of tiny Gated PixelCNNs, correct and mistaken, for the checks of lecture 01's sampler."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import torch
from scipy import stats
from torch import Tensor

from dgm_helpers import checks
from dgm_helpers.checks.frequencies import critical_value, pearson
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.objectives import pixel_levels

SAMPLERS = (GatedPixelCNN.sample, GatedPixelCNN.sample_given, pixel_levels.draw_in_raster_order)
DRAWS = 1_000
TRIES = 1_000
# Safety factor on the noncentrality that a power of 0.999 needs: the statistic of a mistaken sampler varies more than
# the noncentral chi-square distribution says.
MARGIN = 2.0

FROM_GENERATOR = "a new generator with the old seed: draw from the `generator` argument itself."
PER_IMAGE = "draw one random number per image."
PER_SUB_PIXEL = "draw new random numbers for each sub-pixel."

Place = tuple[int, int, int]  # channel, row, column
Mistakes = Mapping[str, Tensor]


def every_image(levels: int, shape: Sequence[int]) -> Tensor:
    """Return all images of this shape, ``[levels ** D, *shape]``, in the order of their digits in raster order."""
    channels, height, width = shape
    values = itertools.product(range(levels), repeat=channels * height * width)
    in_raster_order = torch.tensor(list(values)) / (levels - 1)
    return in_raster_order.view(-1, height, width, channels).permute(0, 3, 1, 2).contiguous()


def random_model(
    seed: int, mistakes_of: Callable[[GatedPixelCNN, Tensor], Mistakes], *, spread: float, **sizes: int
) -> tuple[GatedPixelCNN, Tensor, Mistakes]:
    """Return a small model with random weights for which ``DRAWS`` draws expose each mistake.

    Args:
        seed: the seed of the weights; it is raised until each mistake is noticed.
        mistakes_of: maps a model and its exact probabilities to the distributions that mistakes draw from, by hint.
        spread: standard deviation of the weights.
        sizes: the model's arguments.

    Returns:
        The model, the exact probability of each image of :func:`every_image`, and the mistakes.

    Raises:
        RuntimeError: if no such model is found.
    """
    for attempt in range(seed, seed + TRIES):
        model = GatedPixelCNN(**sizes, channels=6 * sizes.get("image_channels", 1), layers=1)
        generator = torch.Generator().manual_seed(attempt)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0, spread, generator=generator)
            exact = probabilities(model)
            mistakes = mistakes_of(model, exact)
        if all(noticed(wrong, exact) for wrong in mistakes.values()):
            return model, exact, mistakes
    raise RuntimeError(f"none of {TRIES} random models tells all mistakes from the right answer")


def probabilities(model: GatedPixelCNN, label: int | None = None) -> Tensor:
    """Return the probability of every image, given the label if there are classes, normalized against rounding."""
    images = every_image(model.levels, model.image_shape)
    labels = None if label is None else torch.full((len(images),), label)
    return model.log_prob(images, labels).detach().double().softmax(dim=0)


def noticed(wrong: Tensor, exact: Tensor, draws: int = DRAWS) -> bool:
    """Return whether Pearson's test tells draws of one distribution from another with probability above 0.999."""
    noncentrality, degrees = pearson(draws * wrong, exact)
    critical = critical_value(degrees, checks.FALSE_ALARM_RATE)
    return float(stats.ncx2.sf(critical, degrees, noncentrality / MARGIN)) > 0.999


def in_order(model: GatedPixelCNN, order: Sequence[Sequence[Place]], blank: float = 0.0) -> Tensor:
    """Return the probability of every image if the sub-pixels are drawn in the given order.

    Args:
        model: an unconditional model.
        order: lists of sub-pixels; all those in one list are drawn from one pass.
        blank: value of the sub-pixels that have not been drawn yet.
    """
    images = every_image(model.levels, model.image_shape)
    index = ((model.levels - 1) * images).round().long()
    known, log_prob = torch.full_like(images, blank), torch.zeros(len(images))
    with torch.no_grad():
        for places in order:
            logits = model.logits(known)
            if model.levels == 2:
                logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
            chosen = logits.log_softmax(dim=1).gather(1, index[:, None])[:, 0]
            for place in places:
                log_prob += chosen[(..., *place)]
                known[(..., *place)] = images[(..., *place)]
    return log_prob.double().softmax(dim=0)


def raster_mistakes(model: GatedPixelCNN, exact: Tensor) -> Mistakes:
    """Return the distributions that typical mistakes draw from, by hint, for a gray image of 2 x 2 pixels."""
    first, second, third, fourth = ((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1))
    return {
        "the most probable level every time: draw from the probabilities": most_probable(exact, model.levels),
        "pixels drawn before the earlier ones are known: draw in raster order, each from a new pass": in_order(
            model, [[first, second, third, fourth]]
        ),
        "a row drawn at once: its second pixel must see the first": in_order(
            model, [[first, second], [third, fourth]]
        ),
        "column by column: raster order goes row by row": in_order(
            model, [[first], [third], [second], [fourth]]
        ),
        "uniform noise: the probabilities are not used": torch.full_like(exact, 1 / len(exact)),
    }


def most_probable(exact: Tensor, levels: int) -> Tensor:
    """Return the distribution of the image whose sub-pixels each have the most probable level given earlier ones."""
    rest, image = exact, 0
    while len(rest) > 1:
        rest = rest.view(levels, -1)
        level = int(rest.sum(dim=1).argmax())
        image, rest = levels * image + level, rest[level]
    return torch.nn.functional.one_hot(torch.tensor(image), len(exact)).double()


def check_coins(answer, draw: torch.Generator) -> None:
    """Check images of a model whose sub-pixels are fair coins: independent between images, sub-pixels and calls."""
    model = GatedPixelCNN(image_size=5, image_channels=2, channels=2, layers=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    seed = int(torch.randint(1_000_000, (), generator=draw))
    generator, shape = torch.Generator().manual_seed(seed), (32, 2, 5, 5)
    first, second, again = (
        checks.as_tensor("images", answer(model, 32, source), shape)
        for source in (generator, generator, torch.Generator().manual_seed(seed))
    )
    checks.repeatable("images", first, again)
    for images in (first, second):
        checks.equal("values of the pixels", images, images.round().clamp(0, 1))
    checks.true("another call, other images", not torch.equal(first, second),
                "two calls with one generator gave the same images",
                FROM_GENERATOR)  # fmt: skip
    fixed = "a sub-pixel is the same in all of them"  # two correct calls agree like this with probability 50 / 2**32
    checks.true("images within a batch", bool((first != first[:1]).any(dim=0).all()), fixed, PER_IMAGE)
    checks.true("images of two calls", bool((first != second).any(dim=0).all()), fixed, FROM_GENERATOR)
    coins = torch.cat([first, second]).flatten(1)
    for margin in (0, None):  # equal or opposite everywhere, then more often than chance allows
        require_independent("sub-pixels", coins.T, PER_SUB_PIXEL, margin)
        require_independent("images", coins, PER_IMAGE, margin)
    one = checks.as_tensor("one image", answer(model, 1, generator), (1, *shape[1:]))
    checks.equal("values of one image", one, one.round().clamp(0, 1))


def require_independent(name: str, coins: Tensor, hint: str, margin: int | None) -> None:
    """Check that the number of coins in which any two rows agree is consistent with chance.

    Args:
        name: the rows, for the message.
        coins: fair coins, zeros and ones, ``[rows, coins]``.
        hint: shown with a failure.
        margin: two rows must agree in more coins than this, and differ in more; None for a false-alarm rate of 1e-7.
    """
    rows, count = coins.shape
    agreements = (coins @ coins.T + (1 - coins) @ (1 - coins).T)[torch.triu(torch.ones(rows, rows), 1) > 0]
    most = (
        int(stats.binom.isf(1e-7 / 2 / len(agreements), count, 0.5)) if margin is None else count - 1 - margin
    )
    fewest_found, most_found = int(agreements.min()), int(agreements.max())
    checks.true(
        f"independent {name}",
        count - most <= fewest_found and most_found <= most,
        f"two {name} agree in {most_found} of {count} draws, and two in {fewest_found}; "
        f"chance allows {count - most} to {most}",
        hint,
    )
