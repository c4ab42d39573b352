# The mean of the kept eigenvalues as noise. hint: the mean of the kept eigenvalues
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[:d].mean()
    return vectors[:, :d] * (values[:d] - noise).abs().sqrt(), noise
