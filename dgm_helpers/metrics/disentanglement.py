r"""Scores of disentanglement, for any renderer of known factors and any encoder.

Both scores fix one factor and ask a simple classifier which one it was:

* :func:`z_diff_score` (I. Higgins et al., *beta-VAE*, ICLR 2017, section 3): from the mean absolute difference of codes
  in pairs that share the factor, by a linear classifier. Its settings are those of ``disentanglement_lib``.
* :func:`majority_vote_score` (H. Kim and A. Mnih, *Disentangling by Factorising*, ICML 2018, section 4): from the
  dimension of the code that varies least, by a majority vote.

An encoder is handed over as ``codes``: a function from rows of factor values to codes. :func:`rendered_codes` renders
and encodes what is asked for. Where the grid of all values is small enough, :func:`encode_grid` encodes it once, and
with :func:`grid_codes` every metric and every seed is then a look-up.

A code that lacks one factor still has a z_diff score of 1, because "no dimension stood still" is itself a sign that the
classifier can read; lacking one of K factors, the vote is right (K-1)/K of the time. That is one reason for the second.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.data.factors import Factors, Renderer
from dgm_helpers.runtime import drawing_device

Codes = Callable[[Tensor], Tensor]
ROWS = 1 << 14  # rows of values encoded at a time
COLLAPSED = 0.05  # standard deviation below which a dimension says nothing


def rendered_codes(renderer: Renderer, encoder: Callable[[Tensor], Tensor], batch_size: int = 256) -> Codes:
    """Codes of whatever values are asked for: rendered, and encoded without gradients.

    Args:
        renderer: draws the pictures.
        encoder: from pictures to codes ``[n, latent]``, for example ``lambda x: model.encode(x)[0]``.
        batch_size: pictures at a time.
    """

    @torch.no_grad()
    def codes(values: Int[Tensor, "n factors"]) -> Float[Tensor, "n latent"]:
        return torch.cat([encoder(renderer.render(rows)) for rows in values.split(batch_size)])

    return codes


def grid_codes(factors: Factors, table: Float[Tensor, "combinations latent"]) -> Codes:
    """Codes looked up in a table that holds one for each row of ``factors.grid()``.

    Raises:
        ValueError: if the table has another number of rows.
    """
    if len(table) != factors.combinations:
        raise ValueError(f"the grid has {factors.combinations} rows, and the table {len(table)}")
    return lambda values: table[factors.rows(values)]


def encode_grid(
    renderer: Renderer, encoder: Callable[[Tensor], Tensor], batch_size: int = 256
) -> Float[Tensor, "combinations latent"]:
    """The code of every combination of values, once."""
    codes = rendered_codes(renderer, encoder, batch_size)
    rows = torch.arange(renderer.factors.combinations)
    return torch.cat([codes(renderer.factors.values(part)) for part in rows.split(ROWS)])


def z_diff_batch(
    factors: Factors, codes: Codes, points: int, pairs: int = 64, generator: torch.Generator | None = None
) -> tuple[Float[Tensor, "{points} latent"], Int[Tensor, " {points}"]]:
    r"""Points for the classifier: :math:`\frac1L\sum_l |z_{1,l} - z_{2,l}|`, and the factor that was held.

    For each point one factor is chosen; the two members of each of its L pairs share its value and nothing else.

    Raises:
        ValueError: if a point would have no pair, or codes are not finite.
    """
    if pairs < 1:
        raise ValueError(f"a point needs at least one pair, not {pairs}")
    held = _held(factors, points, generator)
    features = []
    for chosen in held.split(max(1, ROWS // pairs)):
        first, second = (factors.sample(len(chosen) * pairs, generator) for _ in range(2))
        column = chosen.repeat_interleave(pairs)[:, None]
        second.scatter_(1, column, first.gather(1, column))
        difference = (_finite(codes(first)) - _finite(codes(second))).abs()
        features.append(difference.view(len(chosen), pairs, -1).mean(dim=1))
    return torch.cat(features), held.cpu()


def z_diff_score(
    factors: Factors,
    codes: Codes,
    *,
    train_points: int = 10_000,
    test_points: int = 5_000,
    pairs: int = 64,
    generator: torch.Generator | None = None,
) -> float:
    """Accuracy, on new points, of a linear classifier of the factor that was held. 1 is best, 1/K is chance.

    The classifier's weights are penalised, in units of the codes: codes much smaller than 1 score less than they tell.

    Raises:
        ValueError: if there is a single factor, a point would have no pair, or codes are not finite.
    """
    if len(factors.sizes) < 2:
        raise ValueError("one factor alone cannot be told from others: give two at least")
    from sklearn.linear_model import LogisticRegression

    train, train_held = z_diff_batch(factors, codes, train_points, pairs, generator)
    test, test_held = z_diff_batch(factors, codes, test_points, pairs, generator)
    classifier = LogisticRegression(max_iter=1_000).fit(train.cpu().numpy(), train_held.numpy())
    return float(classifier.score(test.cpu().numpy(), test_held.numpy()))


def least_varying_batch(
    factors: Factors,
    codes: Codes,
    scale: Float[Tensor, " latent"],
    votes: int,
    samples: int = 64,
    generator: torch.Generator | None = None,
) -> tuple[Int[Tensor, " {votes}"], Int[Tensor, " {votes}"]]:
    """For each vote: the dimension of smallest variance, in units of its own, and the factor that was held.

    Args:
        factors: of the renderer.
        codes: from values to codes.
        scale: standard deviation of each dimension over all data; infinite for one that must not be chosen.
        votes: how many.
        samples: pictures a vote, alike in one factor.
        generator: of the values.

    Raises:
        ValueError: if there are fewer than two samples a vote, or codes are not finite.
    """
    if samples < 2:
        raise ValueError(f"a variance needs at least two samples, not {samples}")
    held = _held(factors, votes, generator)
    dimensions = []
    for chosen in held.split(max(1, ROWS // samples)):
        values = factors.sample(len(chosen) * samples, generator).view(len(chosen), samples, -1)
        column = chosen[:, None, None].expand(-1, samples, 1)
        values.scatter_(2, column, values[:, :1].gather(2, column[:, :1]).expand(-1, samples, 1))
        code = _finite(codes(values.flatten(0, 1))).view(len(chosen), samples, -1)
        variance = code.var(dim=1) / scale**2
        dimensions.append(variance.where(scale.isfinite(), torch.inf).argmin(dim=1).cpu())
    return torch.cat(dimensions), held.cpu()


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
    """Accuracy, on new votes, of the majority's factor for each dimension. 1 is best, 1/K is chance.

    Each dimension is measured in units of its standard deviation over 10,000 random pictures; one where that is below
    ``collapsed`` does not take part. A code of which no dimension is left can only guess, and gets 1/K.

    Raises:
        ValueError: if there are fewer than two samples a vote, or codes are not finite.
    """
    everything = torch.cat([_finite(codes(rows)) for rows in factors.sample(10_000, generator).split(ROWS)])
    scale = everything.std(dim=0)
    scale = scale.where(scale >= collapsed, torch.inf)
    if not scale.isfinite().any():
        return 1 / len(factors.sizes)
    dimension, held = least_varying_batch(factors, codes, scale, train_votes, samples, generator)
    table = torch.zeros(len(scale), len(factors.sizes))
    table.index_put_((dimension, held), torch.ones(train_votes), accumulate=True)
    dimension, held = least_varying_batch(factors, codes, scale, test_votes, samples, generator)
    return float((table.argmax(dim=1)[dimension] == held).float().mean())


def _held(factors: Factors, n: int, generator: torch.Generator | None) -> Int[Tensor, " {n}"]:
    """The number of a factor for each of ``n`` points, where the generator is, as the values are."""
    device = drawing_device(generator)
    return torch.randint(len(factors.sizes), (n,), generator=generator, device=device)


def _finite(code: Tensor) -> Float[Tensor, "n latent"]:
    """Codes in float32 at least: of NaN every dimension would pass for one that says nothing."""
    if not code.isfinite().all():
        raise ValueError("codes must be finite, but some are not: the encoder has diverged")
    return code.to(torch.promote_types(code.dtype, torch.float32))
