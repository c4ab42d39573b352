# Always three channels.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (3 * shape[1] * shape[2] * math.log(2))
