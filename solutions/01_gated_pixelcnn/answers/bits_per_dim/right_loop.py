# Image by image, with Python's numbers.
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    channels, height, width = shape
    bits = [-float(value) / math.log(2) / (channels * height * width) for value in log_prob]
    return torch.tensor(bits, dtype=log_prob.dtype)
