# The discarded eigenvalues, not averaged. hint: an axis is left
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:]
    return vectors[:, :d] * (values[:d] - noise.mean()).clamp_min(0).sqrt(), noise
