# Multiplied by log 2. hint: a product with log 2
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob * math.log(2) / math.prod(shape)
