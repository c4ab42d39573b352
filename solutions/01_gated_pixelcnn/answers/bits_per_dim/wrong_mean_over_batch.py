# The mean over the batch. hint: the mean over the batch
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob.mean() / (math.prod(shape) * math.log(2))
