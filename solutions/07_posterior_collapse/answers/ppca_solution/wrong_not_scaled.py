# The eigenvectors, not scaled. hint: the eigenvectors, not scaled
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    return vectors[:, :d], values[d:].mean()
