"""A chain of RevNet's blocks in memcnn, and the same in this course: one side each of `reversible.py --peer`.

The functions are called in separate processes (`sides.py`): memcnn's environment lacks the course, and ours memcnn.
"""

import torch
from torch import nn

state = {}


def prepare_memcnn(depth: int, batch: int, channels: int, size: int) -> None:
    """Build memcnn's chain, which frees a block's input and recovers it in the backward pass."""
    import memcnn

    half = channels // 2
    blocks = [
        memcnn.InvertibleModuleWrapper(
            memcnn.AdditiveCoupling(residual_function(half), residual_function(half)),
            keep_input=False,
            keep_input_inverse=False,
        )
        for _ in range(depth)
    ]
    chain = nn.Sequential(*blocks)
    x = torch.randn(batch, channels, size, size)

    def run() -> torch.Tensor:
        # memcnn frees its input, so pass a copy; a first convolution's output would serve as well.
        return chain(x.clone().requires_grad_() * 1).square().mean()

    state.update(chain=chain, run=run)


def prepare_ours(depth: int, batch: int, channels: int, size: int) -> None:
    """Build the chain from this course's layers."""
    from dgm_helpers.layers.reversible import ReversibleChain, reversible_block

    half = channels // 2
    chain = ReversibleChain(
        [step for _ in range(depth) for step in reversible_block(*(residual_function(half) for _ in "fg"))]
    )
    x = torch.randn(batch, channels, size, size)

    def run() -> torch.Tensor:
        y1, y2 = chain(*(x.clone().requires_grad_() * 1).chunk(2, dim=1))
        return torch.cat([y1, y2], dim=1).square().mean()

    state.update(chain=chain, run=run)


def residual_function(half: int) -> nn.Sequential:
    """Return batch normalization, ReLU and a 3×3 convolution, twice."""
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, half, 3, padding=1, bias=False)]
    return nn.Sequential(*layers)


def step() -> float:
    """Run one forward and one backward pass, and return the loss."""
    state["chain"].zero_grad(set_to_none=True)
    loss = state["run"]()
    loss.backward()
    assert all(parameter.grad is not None for parameter in state["chain"].parameters())
    return float(loss.detach())
