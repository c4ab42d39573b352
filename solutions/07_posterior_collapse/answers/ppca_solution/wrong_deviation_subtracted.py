# The standard deviation is subtracted instead of the variance. hint: s instead of s²
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean()
    return vectors[:, :d] * (values[:d] - noise.sqrt()).clamp_min(0).sqrt(), noise
