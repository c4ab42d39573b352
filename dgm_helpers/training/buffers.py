"""What a model counts and averages as it is evaluated, put back if the step that it was evaluated for is not made."""

import torch
from torch import nn


class Buffers:
    """A copy of a model's buffers that are part of its state: running statistics, numbers of updates.

    A loss that is not a number has been added to running means by the time it is known.

    Args:
        model: whose buffers are copied.
    """

    def __init__(self, model: nn.Module) -> None:
        persistent = model.state_dict().keys()  # masks and the like are not in it, and do not change
        self.buffers = [buffer for name, buffer in model.named_buffers() if name in persistent]
        self.copies = [buffer.clone() for buffer in self.buffers]

    @torch.no_grad()
    def copy(self) -> None:
        """Take them over as they are now."""
        for copy, buffer in zip(self.copies, self.buffers, strict=True):
            copy.copy_(buffer)

    @torch.no_grad()
    def restore(self) -> None:
        """Put them back as they were at the last copy."""
        for copy, buffer in zip(self.copies, self.buffers, strict=True):
            buffer.copy_(copy)
