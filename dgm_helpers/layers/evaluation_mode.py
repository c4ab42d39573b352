"""A module in evaluation mode for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Put ``module`` and all its parts into evaluation mode; then, also after an error, each into its own mode again.

    What is drawn from a model, or decoded, drops nothing out and does not count in running statistics, whether the
    model is being trained or not.
    """
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
