# PCA: the noise is not subtracted from the eigenvalues. hint: the noise not subtracted
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean()
    return vectors[:, :d] * values[:d].sqrt(), noise
