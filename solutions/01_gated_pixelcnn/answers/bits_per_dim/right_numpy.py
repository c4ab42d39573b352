# By numpy, base 2.
import numpy as np


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return torch.from_numpy(-log_prob.numpy() * np.log2(np.e) / np.prod(shape))
