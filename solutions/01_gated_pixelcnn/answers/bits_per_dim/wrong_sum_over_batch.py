# The sum over the batch. hint: the sum over the batch
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob.sum() / (math.prod(shape) * math.log(2))
