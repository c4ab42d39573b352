"""A chain of reversible steps as one operation of autograd, which recomputes its activations in the backward pass.

Reconstruction evaluates each function a second time, and must evaluate the same function: with the same dropout masks,
under the same autocast, and without counting a batch twice in running statistics.

The plain version is the loop over the steps, whose activations autograd stores.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase


class RecomputedChain(torch.autograd.Function):
    """A chain whose parameters are inputs of the operation, so that autograd receives their gradients."""

    @staticmethod
    def forward(ctx, chain, own, x1, x2, *parameters):
        ctx.chain, ctx.own, ctx.parameters = chain, own, parameters
        ctx.modules = list(chain.modules())
        ctx.fingerprint = _fingerprint(ctx)
        ctx.autocast, ctx.random_states = _present_autocast(x1.device.type), []
        before = _random_state(x1.device)
        with ctx.autocast():
            for step in chain.steps:
                x1, x2 = step(x1, x2)
                after = _random_state(x1.device)
                drew = any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
                ctx.random_states.append(before if drew else None)
                before = after
        ctx.save_for_backward(x1, x2)
        return x1, x2

    @staticmethod
    def backward(ctx, dy1, dy2):
        if torch.is_grad_enabled():  # create_graph=True
            raise RuntimeError("a reversible chain has no second derivative: set store_activations=True")
        if ctx.fingerprint != _fingerprint(ctx):
            raise RuntimeError(
                "a parameter, or the training mode, of a reversible chain was changed between the forward and the "
                "backward pass, which computes with them again"
            )
        y, dy = ctx.saved_tensors, (dy1, dy2)
        totals: dict[int, Tensor] = {}
        with frozen_statistics(ctx.modules):
            for step, own, state in zip(
                reversed(ctx.chain.steps), reversed(ctx.own), reversed(ctx.random_states), strict=True
            ):
                y, dy, gradients = step.backpropagate(y, dy, own, _again(ctx.autocast, state, dy1.device))
                for parameter, gradient in zip(own, gradients, strict=True):
                    if gradient is not None:  # steps may share parameters: their gradients add up
                        total = totals.get(id(parameter))
                        totals[id(parameter)] = gradient if total is None else total + gradient
        return None, None, *dy, *(totals.get(id(parameter)) for parameter in ctx.parameters)


@contextmanager
def frozen_statistics(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Of ``modules`` that normalize with the batch's statistics, leave the running ones as they are."""
    layers = [
        layer
        for layer in modules
        if isinstance(layer, _NormBase) and layer.training and layer.track_running_stats
    ]
    for layer in layers:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in layers:
            layer.track_running_stats = True


@contextmanager
def _again(
    autocast: Callable[[], AbstractContextManager], state: Sequence[Tensor] | None, device: torch.device
) -> Iterator[None]:
    """The autocast and the random state of a first evaluation; the present random state comes back at the end."""
    with autocast():
        if state is None:  # it drew nothing
            yield
            return
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.set_rng_state(state[0])
            if device.type == "cuda":
                torch.cuda.set_rng_state(state[1], device)
            yield


def _random_state(device: torch.device) -> list[Tensor]:
    """States of the global generators that a function on this device may draw from."""
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])]


def _present_autocast(device: str) -> Callable[[], AbstractContextManager]:
    """Enters the autocast that is on now, without its cache.

    Where torch keeps there what was cast without gradients, as older versions do, the backward pass would find weights
    cut off from their parameters.
    """
    return partial(torch.autocast, device, dtype=torch.get_autocast_dtype(device),
                   enabled=torch.is_autocast_enabled(device), cache_enabled=False)  # fmt: skip


def _fingerprint(ctx: torch.autograd.function.FunctionCtx) -> list[int | bool]:
    return [parameter._version for parameter in ctx.parameters] + [module.training for module in ctx.modules]
