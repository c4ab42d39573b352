"""Products of matrices and linear layers, faster on many CPUs in float32.

PyTorch multiplies matrices with Intel's MKL, which uses half the width of other makers' vector units. oneDNN, which
PyTorch includes for convolutions, uses all of it. ``benchmarks/iwae.py`` and ``nice.py`` measure the difference.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from dgm_helpers.kernels import plain

# The operator that compiled models use; torch has no public interface to it. Where it is missing, MKL is used.
ONEDNN = (
    getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
)
# With fewer, reordering the matrices for oneDNN costs as much as it saves.
MULTIPLICATIONS = 2**20
COLUMNS = 32


def product(
    a: Float[Tensor, "*batch inner"], b: Float[Tensor, "columns inner"], bias: Tensor | None = None
) -> Float[Tensor, "*batch columns"]:
    r"""Return ``F.linear(a, b, bias)``, :math:`a b^\top` plus a bias per column; up to rounding, not differentiable."""
    return _by_onednn(a, b, bias) if _is_fast(a, b) else F.linear(a, b, bias)


def linear(
    x: Float[Tensor, "*batch inputs"],
    weight: Float[Tensor, "outputs inputs"],
    bias: Float[Tensor, " outputs"] | None = None,
) -> Float[Tensor, "*batch outputs"]:
    r"""Return ``F.linear(x, weight, bias)``, :math:`x W^\top + b`, up to rounding; any number of derivatives.

    It is torch's function under autocast, in other precisions, on other devices and in compiled models.
    """
    by_torch = torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type)
    if by_torch or not _is_fast(x, weight):
        return F.linear(x, weight, bias)
    return _Linear.apply(x, weight, bias)


class Linear(nn.Linear):
    """A layer that computes :func:`linear`, as ``nn.Linear`` computes torch's."""

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """Return the layer's outputs."""
        return linear(x, self.weight, self.bias)


class _Linear(torch.autograd.Function):
    """A linear layer whose gradients are also products by oneDNN."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return _by_onednn(x, weight, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
        x_asked, weight_asked, _ = ctx.needs_input_grad
        x, weight, _ = inputs
        ctx.save_for_backward(x if weight_asked else None, weight if x_asked else None)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        multiply = F.linear if torch.is_grad_enabled() else product  # a second derivative may follow
        x_asked, weight_asked, bias_asked = ctx.needs_input_grad
        rows = gradient.flatten(0, -2)
        # The weight's gradient first: the copy that it needs is freed before the input's gradient is computed.
        by_weight = multiply(rows.T, x.flatten(0, -2).T) if weight_asked else None
        by_x = multiply(gradient, weight.T) if x_asked else None
        return by_x, by_weight, rows.sum(dim=0) if bias_asked else None


def _by_onednn(a: Tensor, b: Tensor, bias: Tensor | None) -> Tensor:
    # With a part of a larger matrix as its second argument oneDNN takes a thousand times as long.
    contiguous = b if b.is_contiguous() or b.T.is_contiguous() else b.contiguous()
    return ONEDNN(a, contiguous, bias, "none", [], "")


def _is_fast(a: Tensor, b: Tensor) -> bool:
    """Return whether oneDNN supports these matrices and saves time."""
    single = a.dtype == b.dtype == torch.float32 and a.device.type == b.device.type == "cpu"
    large = b.shape[0] >= COLUMNS and a.numel() * b.shape[0] >= MULTIPLICATIONS
    return not plain() and ONEDNN is not None and single and a.dim() > 1 and large
