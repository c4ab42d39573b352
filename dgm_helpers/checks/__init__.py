"""Checks for the exercises of the notebooks: each names what is wrong, not only that something is wrong.

A check passes with one line that starts with a tick, or raises :class:`CheckFailed`. The message names the quantity,
shows expected and actual for the worst entry with its index, and adds a hint if the answer equals a typical mistake
(``mistakes``: hint -> the value that the mistake gives), or is the right one transposed, negated, scaled or shifted.
A hint is computed from the answer; if noise could explain the match, no hint is given. Each check first refuses an
answer that does not consist of finite numbers of the right kind and shape. A list, a tuple (including a named one), an
array, a number or an ``nn.Parameter`` is accepted wherever a tensor is.

Exact checks::

    checks.equal("KL", kl(mu), exact, unit="nats", mistakes={"half of the KL: no factor 1/2 is needed": exact / 2})
    checks.at_most("bound", bound, log_prob, unit="nats")      # also checks.at_least
    checks.true("order", bool((x.diff() > 0).all()), "the values are not sorted", hint="sort them first.")
    grad_mu, grad_sigma = checks.unpack("score", answer, 2)    # a tuple or list of two parts

Estimators, from R independent repetitions, ``samples`` of shape ``[R, ...]``. All statistical checks reject a right
answer with probability at most 1e-6 (``false_alarm_rate=``), all entries together::

    checks.mean_equals("gradient", samples, exact, variance=exact_variance, kurtosis=5, mistakes={...})
    checks.variance_equals("gradient, n_samples = 12", samples, exact_variance_of_one / 12, kurtosis=5)
    checks.variance_reduced("baseline", samples, reference, factor=5, hint="...")
    checks.calibrated("z-scores", scores)                      # R = 700 finds a standard error wrong by a factor of 1.3

Pass ``variance`` to ``mean_equals`` whenever it is known: 200 repetitions then find an ignored ``n_samples``, shared
noise and heavy tails. Without it, each entry's own noise must be small enough to show each mistake in that entry, so
choose suitable inputs instead of drawing them. ``kurtosis`` must be at least that of one repetition (the default is 4;
a mean of K samples has 3 + excess / K).

Samplers, from R rows (at least 100, better 200) of several coordinates::

    checks.follows("z", z, "normal", mean=mu, deviation=sigma) # range, moments, distribution function, independence
    checks.follows("u", u, "uniform")                          # or "logistic", or any distribution function
    checks.frequencies("codes", codes, probabilities)          # [n], or [R, n]: then counts must vary, draws differ
    checks.independent_calls("z", sample(rng), sample(rng))    # one generator, two calls: every part must differ
    checks.repeatable("z", first, second)                      # two generators with one seed: equal

``@checks.exercise(reference=...)`` adds the rules that all checks share (:mod:`~dgm_helpers.checks.guard`).
Structure: :func:`sees_exactly` (which pixels an output depends on) and :func:`has_no_gradient`. Inputs come from
``checks.generator("03/score/visible")``. In the tests of a lecture, ``with checks.unmatchable_mistakes() as lines:``
lists the ``mistakes`` that can never match, because they equal the right answer or are not finite.

The modules state their tests, false-alarm rates and power: :mod:`~dgm_helpers.checks.exact`,
:mod:`~dgm_helpers.checks.statistical`, :mod:`~dgm_helpers.checks.variance`, :mod:`~dgm_helpers.checks.distribution`,
:mod:`~dgm_helpers.checks.frequencies`, :mod:`~dgm_helpers.checks.calls`, :mod:`~dgm_helpers.checks.calibration`.
"""

from dgm_helpers.checks.calibration import calibrated
from dgm_helpers.checks.calls import independent_calls
from dgm_helpers.checks.causality import sees_exactly
from dgm_helpers.checks.distribution import follows
from dgm_helpers.checks.exact import at_least, at_most, equal, true
from dgm_helpers.checks.failure import CheckFailed
from dgm_helpers.checks.frequencies import frequencies
from dgm_helpers.checks.guard import exercise
from dgm_helpers.checks.library_answers import LibraryAnswer
from dgm_helpers.checks.moments import FALSE_ALARM_RATE
from dgm_helpers.checks.parts import unpack
from dgm_helpers.checks.patterns import unmatchable_mistakes
from dgm_helpers.checks.randomness import generator
from dgm_helpers.checks.statistical import mean_equals
from dgm_helpers.checks.structural import has_no_gradient, repeatable
from dgm_helpers.checks.values import as_numbers, as_tensor
from dgm_helpers.checks.variance import variance_equals, variance_reduced

__all__ = [
    "FALSE_ALARM_RATE",
    "CheckFailed",
    "LibraryAnswer",
    "as_numbers",
    "as_tensor",
    "at_least",
    "at_most",
    "calibrated",
    "equal",
    "exercise",
    "follows",
    "frequencies",
    "generator",
    "has_no_gradient",
    "independent_calls",
    "mean_equals",
    "repeatable",
    "sees_exactly",
    "true",
    "unmatchable_mistakes",
    "unpack",
    "variance_equals",
    "variance_reduced",
]
