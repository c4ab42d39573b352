# The eigenvalues in ascending order. hint: the mean of the largest eigenvalues
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    noise = values[d:].mean()
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
