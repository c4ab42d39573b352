# The image is taken to be square: the height is counted twice.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (shape[0] * shape[1] ** 2 * math.log(2))
