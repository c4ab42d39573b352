# Rounded to hundredths.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return (-log_prob / (math.prod(shape) * math.log(2))).round(decimals=2)
