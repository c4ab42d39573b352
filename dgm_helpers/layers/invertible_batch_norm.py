"""Batch normalization as a layer of a flow.

L. Dinh, J. Sohl-Dickstein and S. Bengio, *Density estimation using Real NVP*, ICLR 2017 (arXiv 1605.08803), section 3.7
and appendix E. The paper uses running statistics even in training, mixed with those of the batch.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class InvertibleBatchNorm(nn.Module):
    r"""Batch normalization of each channel, with the batch's statistics in training and running ones in evaluation.

    .. math:: y = (x - \mu_c) / \sqrt{\sigma_c^2 + \epsilon}, \qquad
              \log|\det| = -\tfrac12 HW \sum_c \log(\sigma_c^2 + \epsilon)

    The inverse always uses the running ones. No scale and shift are learned, because couplings have them.

    Args:
        channels: number of channels.
        momentum: weight of the newest batch in the running statistics; None for an average of all batches since
            :meth:`reset_running_stats`.
        eps: constant added to each variance.
    """

    def __init__(self, channels: int, *, momentum: float | None = 0.1, eps: float = 1e-4) -> None:
        super().__init__()
        self.momentum, self.eps, self.batches = momentum, eps, 0
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def reset_running_stats(self) -> None:
        """Reset the running statistics to mean 0 and variance 1."""
        self.batches = 0
        self.running_mean.zero_()
        self.running_var.fill_(1)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch channels height width"], Float[Tensor, " batch"]]:
        """Return the normalized x, and log|det| in nats, the same for every image."""
        mean, var = self.running_mean, self.running_var
        if self.training:
            var, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
            with torch.no_grad():
                weight = self._weight_of_newest()
                self.running_mean.lerp_(mean.to(self.running_mean), weight)
                self.running_var.lerp_(var.to(self.running_var), weight)
        y = (x - mean[:, None, None]) * torch.rsqrt(var + self.eps)[:, None, None]
        log_det = -0.5 * x.shape[2] * x.shape[3] * torch.log(var + self.eps).sum()
        return y, log_det.expand(len(x))

    def _weight_of_newest(self) -> float:
        if self.momentum is not None:
            return self.momentum
        self.batches += 1
        return 1 / self.batches

    def inverse(
        self, y: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the x that is mapped to ``y`` with the running statistics."""
        scale = torch.sqrt(self.running_var + self.eps)
        return y * scale[:, None, None] + self.running_mean[:, None, None]
