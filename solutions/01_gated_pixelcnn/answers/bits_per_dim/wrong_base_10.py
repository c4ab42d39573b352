# Decimal digits instead of bits. hint: the logarithm to base 10
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (math.prod(shape) * math.log(10))
