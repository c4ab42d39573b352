"""A module whose parameters are constants: what one player of a game sees of the other."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.func import functional_call


def frozen(module: nn.Module) -> Callable[..., Tensor]:
    """Return a function that evaluates ``module``, with gradients to its inputs but not to its parameters.

    Its buffers are copies, so that running statistics are not updated by such a pass.
    """
    parameters = {name: parameter.detach() for name, parameter in module.named_parameters()}
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    return lambda *inputs: functional_call(module, {**parameters, **buffers}, inputs)
