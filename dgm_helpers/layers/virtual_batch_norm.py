"""Virtual batch normalization: an example is normalized only by a fixed reference batch and itself.

T. Salimans et al., *Improved Techniques for Training GANs*, NIPS 2016 (arXiv 1606.03498), section 3.5.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class VirtualBatchNorm(nn.Module):
    r"""Batch normalization of each example in its own virtual batch: the reference batch and the example.

    .. math:: y = \gamma\,(x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    with :math:`\mu, \sigma^2` of each feature over reference, example and space. The reference batch is passed as the
    first rows of the input, so that it passes the same layers, and is normalized only by itself. There are no running
    statistics: evaluation and training compute the same.

    Args:
        features: number of features, the size of the second axis.
        reference: number of rows of the input that are the reference batch.
        eps: constant added to each variance.

    Raises:
        ValueError: if ``reference`` is less than 1.
    """

    def __init__(self, features: int, reference: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        if reference < 1:
            raise ValueError(f"reference must be at least 1 example, got {reference}")
        self.reference, self.eps = reference, eps
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Float[Tensor, "rows features *space"]) -> Float[Tensor, "rows features *space"]:
        """Return all rows normalized, the reference batch first.

        Raises:
            ValueError: if there are fewer rows than ``reference``.
        """
        if len(x) < self.reference:
            raise ValueError(
                f"x must have at least {self.reference} rows, which are the reference batch, got {len(x)}"
            )
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        space = tuple(range(2, x.ndim))
        reference, examples = wide[: self.reference], wide[self.reference :]
        var_r, mean_r = torch.var_mean(reference, dim=(0, *space), correction=0, keepdim=True)
        var_x, mean_x = (
            torch.var_mean(examples, dim=space, correction=0, keepdim=True) if space else (0, examples)
        )
        # A mixture of two groups: its variance is the variance within the groups plus that of their means.
        share = 1 / (self.reference + 1)
        mean = torch.lerp(mean_r.expand_as(mean_x), mean_x, share)
        var = (1 - share) * (var_r + (mean_r - mean) ** 2) + share * (var_x + (mean_x - mean) ** 2)
        normalized = torch.cat([
            (reference - mean_r) * torch.rsqrt(var_r + self.eps), (examples - mean) * torch.rsqrt(var + self.eps)
        ])  # fmt: skip
        shape = (-1, *[1] * len(space))
        return (normalized * self.weight.view(shape) + self.bias.view(shape)).to(x.dtype)


class ReferencedGenerator(nn.Module):
    """A network with virtual batch normalization, and its fixed reference batch of latent vectors.

    Args:
        network: the network; its virtual batch normalization must expect as many reference rows as ``latents`` has.
        latents: the reference batch.
    """

    def __init__(self, network: nn.Module, latents: Float[Tensor, "reference latent"]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("latents", latents)

    def forward(self, latent: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch *data"]:
        """Return the network's output for each latent vector, which does not depend on the others in the batch."""
        return self.network(torch.cat([self.latents, latent]))[len(self.latents) :]
