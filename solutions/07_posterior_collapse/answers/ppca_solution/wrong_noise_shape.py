# A noise variance of shape [1]. hint: an axis is missing, added or moved
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean(dim=0, keepdim=True)
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
