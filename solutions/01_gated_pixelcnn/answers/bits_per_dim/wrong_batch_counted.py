# Divided by the number of images as well. hint: bits divided by the number of images
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / (log_prob.numel() * math.prod(shape) * math.log(2))
