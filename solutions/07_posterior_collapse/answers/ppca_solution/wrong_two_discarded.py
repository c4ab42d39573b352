# The sum of the discarded eigenvalues over at least two.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].sum() / max(len(Sigma) - d, 2)
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
