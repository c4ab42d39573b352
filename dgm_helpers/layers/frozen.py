"""A module with constant parameters, as which one player of a game treats the other."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.func import functional_call


def frozen(module: nn.Module) -> Callable[..., Tensor]:
    """Return a function that evaluates ``module`` with gradients to its inputs but none to its parameters.

    Its buffers are copied, so that such a pass does not update running statistics.
    """
    parameters = {name: parameter.detach() for name, parameter in module.named_parameters()}
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    return lambda *inputs: functional_call(module, {**parameters, **buffers}, inputs)
