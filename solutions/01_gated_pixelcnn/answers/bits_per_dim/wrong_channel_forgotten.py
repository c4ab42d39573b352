# The channels are not counted. hint: the channels forgotten
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (shape[1] * shape[2] * math.log(2))
