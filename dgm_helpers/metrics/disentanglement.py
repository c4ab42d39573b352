r"""Scores of disentanglement, for any renderer of known factors and any encoder.

Both scores fix one factor and let a simple classifier predict which one it was:

* :func:`z_diff_score` (I. Higgins et al., *beta-VAE*, ICLR 2017, section 3): from the mean absolute difference of codes
  in pairs that share the factor, by a linear classifier. Its settings are those of ``disentanglement_lib``.
* :func:`majority_vote_score` (H. Kim and A. Mnih, *Disentangling by Factorizing*, ICML 2018, section 4): from the
  dimension of the code that varies least, by a majority vote.

An encoder is passed as ``codes``, a function from rows of factor values to codes. :func:`rendered_codes` renders and
encodes the rows it is called with. If the grid of all values is small enough, :func:`encode_grid` encodes it once, and
with :func:`grid_codes` every metric and every seed is then a look-up.

A code that lacks one factor can still have a z_diff score of 1, because "no dimension stood still" is itself a sign
that the classifier can read. The majority vote of a code that lacks one of K factors is right (K-1)/K of the time,
which is one reason for the second score.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.data.factors import Factors, Renderer
from dgm_helpers.runtime import drawing_device

Codes = Callable[[Tensor], Tensor]
ROWS = 1 << 14  # rows of values encoded at a time
COLLAPSED = 0.05  # standard deviation below which a dimension counts as collapsed


def rendered_codes(renderer: Renderer, encoder: Callable[[Tensor], Tensor], batch_size: int = 256) -> Codes:
    """Return a function from factor values to codes, which renders and encodes the values without gradients.

    Args:
        renderer: the renderer that draws the images.
        encoder: function from images to codes ``[n, latent]``, for example ``lambda x: model.encode(x)[0]``.
        batch_size: number of images rendered and encoded at a time.
    """

    @torch.no_grad()
    def codes(values: Int[Tensor, "n factors"]) -> Float[Tensor, "n latent"]:
        return torch.cat([encoder(renderer.render(rows)) for rows in values.split(batch_size)])

    return codes


def grid_codes(factors: Factors, table: Float[Tensor, "combinations latent"]) -> Codes:
    """Return a function from factor values to codes, looked up in a table with one row per row of ``factors.grid()``.

    Raises:
        ValueError: if the table does not have as many rows as the grid.
    """
    if len(table) != factors.combinations:
        raise ValueError(
            f"table must have {factors.combinations} rows, one per row of the grid, got {len(table)}"
        )
    return lambda values: table[factors.rows(values)]


def encode_grid(
    renderer: Renderer, encoder: Callable[[Tensor], Tensor], batch_size: int = 256
) -> Float[Tensor, "combinations latent"]:
    """Return the code of every combination of factor values, in the order of ``factors.grid()``."""
    codes = rendered_codes(renderer, encoder, batch_size)
    rows = torch.arange(renderer.factors.combinations)
    return torch.cat([codes(renderer.factors.values(part)) for part in rows.split(ROWS)])


def z_diff_batch(
    factors: Factors, codes: Codes, points: int, pairs: int = 64, generator: torch.Generator | None = None
) -> tuple[Float[Tensor, "{points} latent"], Int[Tensor, " {points}"]]:
    r"""Draw points for the classifier, :math:`\frac1L\sum_l |z_{1,l} - z_{2,l}|`, and the factor fixed in each.

    For each point one factor is chosen. The two members of each of its L pairs share this factor's value; their other
    factors are drawn independently.

    Raises:
        ValueError: if ``pairs`` is less than 1, or codes are not finite.
    """
    if pairs < 1:
        raise ValueError(f"pairs must be at least 1, got {pairs}")
    fixed = _fixed(factors, points, generator)
    features = []
    for chosen in fixed.split(max(1, ROWS // pairs)):
        first, second = (factors.sample(len(chosen) * pairs, generator) for _ in range(2))
        column = chosen.repeat_interleave(pairs)[:, None]
        second.scatter_(1, column, first.gather(1, column))
        difference = (_finite(codes(first)) - _finite(codes(second))).abs()
        features.append(difference.view(len(chosen), pairs, -1).mean(dim=1))
    return torch.cat(features), fixed.cpu()


def z_diff_score(
    factors: Factors,
    codes: Codes,
    *,
    train_points: int = 10_000,
    test_points: int = 5_000,
    pairs: int = 64,
    generator: torch.Generator | None = None,
) -> float:
    """Return the accuracy, on new points, of a linear classifier of the fixed factor. 1 is best, 1/K is chance.

    The penalty on the classifier's weights depends on the scale of the codes: codes much smaller than 1 score lower
    than the information in them allows.

    Raises:
        ValueError: if there is only one factor, ``pairs`` is less than 1, or codes are not finite.
    """
    if len(factors.sizes) < 2:
        raise ValueError(f"the score compares factors: it needs at least two, got {len(factors.sizes)}")
    from sklearn.linear_model import LogisticRegression

    train, train_fixed = z_diff_batch(factors, codes, train_points, pairs, generator)
    test, test_fixed = z_diff_batch(factors, codes, test_points, pairs, generator)
    classifier = LogisticRegression(max_iter=1_000).fit(train.cpu().numpy(), train_fixed.numpy())
    return float(classifier.score(test.cpu().numpy(), test_fixed.numpy()))


def least_varying_batch(
    factors: Factors,
    codes: Codes,
    scale: Float[Tensor, " latent"],
    votes: int,
    samples: int = 64,
    generator: torch.Generator | None = None,
) -> tuple[Int[Tensor, " {votes}"], Int[Tensor, " {votes}"]]:
    """Return, for each vote, the dimension of smallest variance, relative to its scale, and the fixed factor.

    Args:
        factors: the renderer's factors.
        codes: function from factor values to codes.
        scale: standard deviation of each dimension over all data; infinite for one that must not be chosen.
        votes: number of votes.
        samples: number of images per vote, which share the value of one factor.
        generator: random generator of the factor values.

    Raises:
        ValueError: if ``samples`` is less than 2, or codes are not finite.
    """
    if samples < 2:
        raise ValueError(f"samples must be at least 2 to have a variance, got {samples}")
    fixed = _fixed(factors, votes, generator)
    dimensions = []
    for chosen in fixed.split(max(1, ROWS // samples)):
        values = factors.sample(len(chosen) * samples, generator).view(len(chosen), samples, -1)
        column = chosen[:, None, None].expand(-1, samples, 1)
        values.scatter_(2, column, values[:, :1].gather(2, column[:, :1]).expand(-1, samples, 1))
        code = _finite(codes(values.flatten(0, 1))).view(len(chosen), samples, -1)
        variance = code.var(dim=1) / scale**2
        dimensions.append(variance.where(scale.isfinite(), torch.inf).argmin(dim=1).cpu())
    return torch.cat(dimensions), fixed.cpu()


def majority_vote_score(
    factors: Factors,
    codes: Codes,
    *,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    samples: int = 64,
    collapsed: float = COLLAPSED,
    generator: torch.Generator | None = None,
) -> float:
    """Return the accuracy, on new votes, of the majority's factor for each dimension. 1 is best, 1/K is chance.

    Each dimension is measured in units of its standard deviation over 10,000 random images; a dimension where this is
    below ``collapsed`` is left out. A code with no dimension left can only guess, and scores 1/K.

    Raises:
        ValueError: if ``samples`` is less than 2, or codes are not finite.
    """
    everything = torch.cat([_finite(codes(rows)) for rows in factors.sample(10_000, generator).split(ROWS)])
    scale = everything.std(dim=0)
    scale = scale.where(scale >= collapsed, torch.inf)
    if not scale.isfinite().any():
        return 1 / len(factors.sizes)
    dimension, fixed = least_varying_batch(factors, codes, scale, train_votes, samples, generator)
    table = torch.zeros(len(scale), len(factors.sizes))
    table.index_put_((dimension, fixed), torch.ones(train_votes), accumulate=True)
    dimension, fixed = least_varying_batch(factors, codes, scale, test_votes, samples, generator)
    return float((table.argmax(dim=1)[dimension] == fixed).float().mean())


def _fixed(factors: Factors, n: int, generator: torch.Generator | None) -> Int[Tensor, " {n}"]:
    """Draw the number of a factor for each of ``n`` points, on the generator's device like the values."""
    device = drawing_device(generator)
    return torch.randint(len(factors.sizes), (n,), generator=generator, device=device)


def _finite(code: Tensor) -> Float[Tensor, "n latent"]:
    """Return codes in at least float32, and refuse NaN, with which every dimension would look collapsed."""
    if not code.isfinite().all():
        raise ValueError("codes must be finite, got NaN or infinity: the encoder has diverged")
    return code.to(torch.promote_types(code.dtype, torch.float32))
