"""What a notebook's test cells call: checks that tell a student what is wrong, not only that it is.

A check passes with one line that starts with a tick, or raises :class:`CheckFailed`, whose message
names the quantity, shows expected and actual for the worst entry with its index, and adds a hint
where the answer equals a typical mistake, or is the right one transposed, negated, scaled or shifted.

* :mod:`~dgm_helpers.checks.exact` compares with an oracle: a closed form, an enumeration, float64.
* :mod:`~dgm_helpers.checks.statistical` tests Monte-Carlo answers at a stated false-alarm rate.
* :mod:`~dgm_helpers.checks.calibration` tests whether z-scores are standard normal.
* :mod:`~dgm_helpers.checks.frequencies` tests draws of finitely many outcomes against their exact probabilities.
* :mod:`~dgm_helpers.checks.causality` looks at which pixels an output sees.
* :mod:`~dgm_helpers.checks.structural` looks at shapes, gradients, in-place changes and repeatability.

Each first rejects what is no number of the right kind and shape, NaN and infinities included.
"""

from dgm_helpers.checks.calibration import calibrated
from dgm_helpers.checks.calls import independent_calls
from dgm_helpers.checks.causality import sees_exactly
from dgm_helpers.checks.distribution import follows
from dgm_helpers.checks.exact import at_least, at_most, equal, true
from dgm_helpers.checks.failure import CheckFailed
from dgm_helpers.checks.frequencies import frequencies
from dgm_helpers.checks.moments import FALSE_ALARM_RATE
from dgm_helpers.checks.parts import unpack
from dgm_helpers.checks.patterns import unmatchable_mistakes
from dgm_helpers.checks.randomness import generator
from dgm_helpers.checks.statistical import mean_equals
from dgm_helpers.checks.structural import has_no_gradient, repeatable, unchanged
from dgm_helpers.checks.values import as_tensor
from dgm_helpers.checks.variance import variance_equals, variance_reduced

__all__ = [
    "FALSE_ALARM_RATE",
    "CheckFailed",
    "as_tensor",
    "at_least",
    "at_most",
    "calibrated",
    "equal",
    "follows",
    "frequencies",
    "generator",
    "has_no_gradient",
    "independent_calls",
    "mean_equals",
    "repeatable",
    "sees_exactly",
    "true",
    "unchanged",
    "unmatchable_mistakes",
    "unpack",
    "variance_equals",
    "variance_reduced",
]
