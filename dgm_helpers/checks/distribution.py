r"""A test of a sampler: the exact distribution, and independent rows and coordinates.

Each value is mapped to :math:`u = F((x - m) / s)` by the exact distribution function F, mean m and standard deviation s
of its entry. Right samples are then independent and uniform on [0, 1], whatever F is. The check tests, at a false-alarm
rate of 1e-6 for all tests together:

* the range: the smallest u is neither too close to 0 nor too far from it, and likewise the largest u and 1;
* the moments: the means of the first four Legendre polynomials of u, for each coordinate and over all;
* the distribution function: Kolmogorov and Smirnov's distance, for each coordinate and over all;
* repeated values: at most a quarter of all values appear more than once;
* independence: products of the first two Legendre polynomials, and of the sign, over pairs of entries
  (:mod:`~dgm_helpers.checks.dependence`).

Power: with R = 200 rows of 3 coordinates, each of these replacements of normal noise is found with probability above
0.999: a uniform variable or a sign of the same variance; Cauchy noise, even in only one coordinate; half of the noise
repeated, negated or mirrored, ``cat([half, half])`` or ``cat([half, -half])``, along the rows or the coordinates; noise
shared over rows or over two coordinates; a coordinate equal to another one's noise in the previous row; a mean shifted
by 0.8, or a scale that is wrong by a factor of 1.8, in one coordinate (0.5 and 1.4 in all). With R = 2,000 these
numbers are 0.25 and 1.2 (0.15 and 1.12 in all). A uniform variable in only one coordinate needs R = 600.
"""

import math
from collections.abc import Callable, Iterator, Mapping

import torch
from scipy import stats
from torch import Tensor

from dgm_helpers.checks.dependence import MOST_COORDINATES, SAME_ROW, Dependence, dependence
from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.moments import FALSE_ALARM_RATE
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor

FEWEST_ROWS = 100
RESOLUTION = 2.0**-25  # torch.rand returns exactly 0 once in 2**24 draws of float32
TESTS = 4  # of a coordinate: too far out, too near, moments, distribution function
MOST_REPEATED = 0.25  # float32 repeats a few values among many right ones
# Mean and standard deviation 0 and 1 for all: standard normal; uniform on [0, 1]; standard logistic.
DISTRIBUTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "normal": torch.special.ndtr,
    "uniform": lambda x: x,  # not clamped, so that values outside of [0, 1] are found
    "logistic": torch.sigmoid,
}


def follows(
    name: str,
    samples: object,
    distribution: str | Callable[[Tensor], Tensor] = "normal",
    *,
    mean: object = 0.0,
    deviation: object = 1.0,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    hint: str | None = None,
) -> None:
    """Check that all entries of a sample are independent and have the exact distribution.

    Args:
        name: the sampled quantity.
        samples: shape ``[R, ...]``: R rows, at least 100, of at most 1,024 coordinates; the module states the power.
        distribution: the distribution of ``(x - mean) / deviation``: ``"normal"``, ``"logistic"``, ``"uniform"`` on
            [0, 1], or a continuous distribution function, called with float64.
        mean: number or tensor to subtract from the samples, of a shape that broadcasts against them. Let it differ from
            row to row and from coordinate to coordinate, so that entries in the wrong place are found.
        deviation: positive divisor, of a shape that broadcasts in the same way.
        false_alarm_rate: probability of rejecting a right sampler, all tests together.
        hint: text shown if the distribution is wrong; it is not shown if only the independence is.

    Raises:
        CheckFailed: if the samples are not finite numbers, have a different distribution, or depend on each other.
        ValueError: if there are too few rows or too many coordinates, or the distribution is unknown.
    """
    values = as_tensor(name, samples)
    if values.ndim == 0 or len(values) < FEWEST_ROWS:
        raise ValueError(
            f"{name}: samples must have at least {FEWEST_ROWS} rows, got shape {tuple(values.shape)}"
        )
    if values[0].numel() > MOST_COORDINATES:
        raise ValueError(
            f"{name}: rows must have at most {MOST_COORDINATES} coordinates, got {values[0].numel()}"
        )
    shift, scale = (
        as_tensor(f"{part} of {name}", x) for part, x in (("mean", mean), ("deviation", deviation))
    )
    if isinstance(distribution, str) and distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {', '.join(DISTRIBUTIONS)}; got {distribution!r}")
    cdf = DISTRIBUTIONS[distribution] if isinstance(distribution, str) else distribution
    standard = ((values - shift) / scale).reshape(len(values), -1)
    u = cdf(standard)
    if distribution != "normal":
        u = u.where(u != 0, RESOLUTION).where(u != 1, 1 - RESOLUTION)
    wrong = _wrong_marginal(standard, u, values.shape[1:], 0.6 * false_alarm_rate)
    if wrong:
        _require_new_values(name, values)
        fail(name, *wrong, hint)
    strongest = dependence(_scores(u), 0.4 * false_alarm_rate)
    if strongest:
        fail(name, "its entries depend on each other", *_explain(strongest, values.shape))
    _require_new_values(name, values)
    passed(name, f"{values.numel()} values have the exact distribution and are independent")


def _require_new_values(name: str, values: Tensor) -> None:
    """Fail if many values appear more than once."""
    _, counts = values.unique(return_counts=True)
    repeated = int(counts[counts > 1].sum())
    if repeated > MOST_REPEATED * values.numel():
        fail(
            name,
            "values are repeated",
            [f"{repeated} of {values.numel()} values appear more than once"],
            "draw new noise for every entry.",
        )


def _wrong_marginal(
    standard: Tensor, u: Tensor, shape: torch.Size, rate: float
) -> tuple[str, list[str]] | None:
    """Return the problem, and its details, if a coordinate or all entries together have a different distribution."""
    columns = [(f"coordinate {_index(i, shape)}", i) for i in range(u.shape[1])] if shape else []
    for cases in (columns, [("all entries", slice(None))]):
        if not cases:
            continue
        smallest = [
            min(_p_values(u[:, column].flatten()), key=lambda result: result[0]) for _, column in cases
        ]
        (p, problem), (where, column) = min(zip(smallest, cases, strict=True), key=lambda pair: pair[0][0])
        if p * TESTS * len(cases) < rate / 2:
            z = standard[:, column]
            return f"not drawn from the right distribution: {problem}", [
                f"{where}: mean {z.mean():.3g}, standard deviation {z.std():.3g}, from {z.min():.3g} to {z.max():.3g}",
                "in units of the exact distribution: (x - mean) / deviation",
            ]
    return None


def _p_values(u: Tensor) -> Iterator[tuple[float, str]]:
    """Yield four groups of tests of values that should be independent and uniform: p-value, and what is wrong."""
    count = u.numel()
    low, high = (min(max(float(edge), 0.0), 1.0) for edge in (u.min(), 1 - u.max()))  # values may lie outside
    for edge, side in ((low, "smallest"), (high, "largest")):
        # The distance of the outermost value from the end of [0, 1].
        outside, inside = -math.expm1(count * math.log1p(-min(edge, 1 - 1e-16))), (1 - edge) ** count
        yield 2 * outside, f"its {side} values are too far out"
        yield 2 * inside, f"its {side} values are missing"
    x = 2 * u - 1
    for degree, polynomial in enumerate(_legendre(x), start=1):
        z = float(polynomial.sum()) / count**0.5
        yield 4 * 2 * stats.norm.sf(abs(z)), f"its moment of order {degree} is wrong"
    yield float(stats.kstest(u.numpy(), "uniform").pvalue), "its distribution function is wrong"


def _legendre(x: Tensor) -> tuple[Tensor, ...]:
    """Return Legendre polynomials of degree 1 to 4 on [-1, 1], of variance 1 for a uniform variable."""
    return (
        3**0.5 * x,
        5**0.5 * (3 * x**2 - 1) / 2,
        7**0.5 * (5 * x**3 - 3 * x) / 2,
        3 * (35 * x**4 - 30 * x**2 + 3) / 8,
    )


def _scores(u: Tensor) -> Tensor:
    """Return scores ``[3, R, D]`` for the test of independence: linear, quadratic, and the sign."""
    x = 2 * u - 1
    return torch.stack([*_legendre(x)[:2], x.sign()])


def _explain(strongest: Dependence, shape: torch.Size) -> tuple[list[str], str]:
    """Return lines that name the entries that depend on each other, and a hint."""
    if strongest.coordinates is None or not shape[1:]:
        places = "each coordinate and itself" if shape[1:] else "values"
        advice = "draw new noise for every row."
    else:
        advice = "draw new noise for every entry, independent of all others."
        one, other = (_index(i, shape[1:]) for i in strongest.coordinates)
        places = f"coordinates {one} and {other}" if one != other else f"coordinate {one} and itself"
    size = strongest.z / strongest.pairs**0.5
    details = [
        f"{places}, {strongest.rows}: correlation {size:.2f} of {strongest.pairs} pairs",
        f"that is {abs(strongest.z):.1f} standard errors from zero",
    ]
    return details, advice if strongest.rows != SAME_ROW else "do coordinates share their noise?"


def _index(flat: int, shape: torch.Size) -> list[int]:
    """Return the index of a coordinate within a row of this shape."""
    index = []
    for size in reversed(shape):
        flat, place = divmod(flat, size)
        index.insert(0, place)
    return index
