# The number of bits of e, over the number of dimensions.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob * math.log2(math.e) / torch.Size(shape).numel()
