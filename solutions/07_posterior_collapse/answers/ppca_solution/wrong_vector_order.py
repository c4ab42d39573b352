# Eigenvalues sorted, eigenvectors not. hint: the eigenvectors of the smallest eigenvalues
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values = values.flip(0)
    noise = values[d:].mean()
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
