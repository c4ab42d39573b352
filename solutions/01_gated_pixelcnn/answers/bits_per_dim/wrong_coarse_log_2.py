# log 2 as 0.693.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (math.prod(shape) * 0.693)
