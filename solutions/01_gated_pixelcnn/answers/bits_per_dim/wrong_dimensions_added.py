# The sides are added, not multiplied. hint: C, H and W added
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (sum(shape) * math.log(2))
