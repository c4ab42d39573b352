# A small number is added to the noise variance.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean() + 1e-4
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
