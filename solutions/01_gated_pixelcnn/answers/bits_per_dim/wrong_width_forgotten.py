# The width is not counted. hint: the width forgotten
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (shape[0] * shape[1] * math.log(2))
