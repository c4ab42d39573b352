# At most 7 bits per dimension.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return (-log_prob / (math.prod(shape) * math.log(2))).clamp_max(7)
