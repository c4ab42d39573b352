# Nats instead of bits. hint: nats: a bit is log 2 nats
import math


def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    return -log_prob / math.prod(shape)
