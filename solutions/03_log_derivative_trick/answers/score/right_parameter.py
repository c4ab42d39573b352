# Returns nn.Parameters in a named tuple.
from collections import namedtuple

Score = namedtuple("Score", "mu log_sigma")


def score(z, mu, log_sigma):
    u = (z - mu) * torch.exp(-log_sigma)
    return Score(torch.nn.Parameter(u * torch.exp(-log_sigma)), torch.nn.Parameter(u.square() - 1))
