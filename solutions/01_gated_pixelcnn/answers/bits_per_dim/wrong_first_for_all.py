# All images get the first one's bits.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return (-log_prob[:1] / (math.prod(shape) * math.log(2))).expand(len(log_prob))
