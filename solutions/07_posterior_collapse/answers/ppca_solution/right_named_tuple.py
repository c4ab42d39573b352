# A named tuple, from parameters.
from collections import namedtuple

Solution = namedtuple("Solution", ["W", "noise"])


def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = torch.nn.Parameter(values[d:].mean())
    return Solution(vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise)
