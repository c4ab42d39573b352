"""Structural check of the pixels that an output sees: every earlier pixel within reach, and nothing else."""

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
        name: the network's name.
        influence: entry [i, j, a, b] is the change of the output at row i and column j when the pixel at row a and
            column b changes, or the derivative: exactly zero if the output does not see that pixel.
        expected: True where the output should see the pixel.
        case: the input, for the message.
        mistakes: hint -> the pixels that the outputs of a typical mistake see.

    Raises:
        CheckFailed: if the influence does not consist of finite numbers of that shape, if an output sees a pixel that
            it must not see, or if it does not see one that it should see.
    """
    where = f"{name} ({case})" if case else name
    seen = as_tensor(where, influence, expected.shape) != 0
    leaks, blind = seen & ~expected, expected & ~seen
    if not (leaks.any() or blind.any()):
        passed(
            where, f"sees exactly the {int(expected.sum())} pixels it should see, counted over all outputs"
        )
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
            f"the output at row {i}, column {j} does not see the pixel at row {a}, column {b}: earlier, within reach"
        )
    faults = [f"sees {int(leaks.sum())} pixels that it must not see"] if leaks.any() else []
    faults += [f"does not see {int(blind.sum())} pixels that it should see"] if blind.any() else []
    fail(where, " and ".join(faults) + f", counted over all {expected[0, 0].numel()} outputs", details, hint)
