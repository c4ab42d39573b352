# The sides are added, not multiplied.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (sum(shape) * math.log(2))
