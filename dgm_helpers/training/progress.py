"""The line that says how far a run is."""

import os
import sys

from tqdm.auto import tqdm

from dgm_helpers.training.state import State


def progress_line(state: State, steps: int | None) -> tqdm:
    """What a person who waits sees; only the first process shows it."""
    quiet = _quiet() or state.processes.rank > 0
    name = type(state.model).__name__
    return tqdm(total=steps, initial=state.step, disable=quiet, leave=False, desc=name)


def _quiet() -> bool:
    """No progress line where nobody watches: with ``DGM_QUIET`` set (as CI does), or outside terminal and notebook."""
    if os.environ.get("DGM_QUIET") or os.environ.get("CI"):
        return True
    return not ("ipykernel" in sys.modules or sys.stderr.isatty())
