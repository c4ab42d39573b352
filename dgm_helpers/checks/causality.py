"""Structural check of what an output sees: every earlier pixel that is within reach, and nothing else."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool
from torch import Tensor

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor


def sees_exactly(
    name: str,
    influence: object,
    expected: Bool[Tensor, "height width height width"],
    *,
    case: str = "",
    mistakes: Mapping[str, Bool[Tensor, "height width height width"]] | None = None,
) -> None:
    """Check which pixels each output of a network over images depends on.

    Args:
        name: the network.
        influence: entry [i, j, a, b] is what the output at row i and column j changes by when the pixel at row a and
            column b does: exactly zero where it does not see that pixel. Responses to single pixels, or a Jacobian.
        expected: True where it has to see it.
        case: for the message, on which input this was.
        mistakes: hint -> what a typical mistake sees.

    Raises:
        CheckFailed: if the influence is no finite number of that shape; if an output sees a pixel that it must not, or
            is blind to one that it has to see.
    """
    where = f"{name} ({case})" if case else name
    seen = as_tensor(where, influence, expected.shape) != 0
    leaks, blind = seen & ~expected, expected & ~seen
    if not (leaks.any() or blind.any()):
        passed(where, f"sees exactly the {int(expected.sum())} pixels that it has to, over all outputs")
        return
    hint = next(
        (f"looks like {hint}" for hint, other in (mistakes or {}).items() if torch.equal(seen, other)), None
    )
    details = []
    if leaks.any():
        i, j, a, b = leaks.nonzero()[0].tolist()
        what = "itself" if (a, b) == (i, j) else "a later one" if (a, b) > (i, j) else "out of reach"
        details.append(
            f"the output at row {i}, column {j} depends on the pixel at row {a}, column {b}: {what}"
        )
    if blind.any():
        i, j, a, b = blind.nonzero()[0].tolist()
        details.append(
            f"the output at row {i}, column {j} does not see row {a}, column {b}: earlier, and in reach"
        )
    faults = [f"sees {int(leaks.sum())} pixels that it must not"] if leaks.any() else []
    faults += [f"is blind to {int(blind.sum())} that it has to see"] if blind.any() else []
    fail(where, " and ".join(faults) + f", over all {expected[0, 0].numel()} outputs", details, hint)
