# The largest discarded eigenvalue as noise. hint: the largest of the discarded eigenvalues
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d]
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
