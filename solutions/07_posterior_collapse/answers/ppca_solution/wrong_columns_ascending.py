# The columns in ascending order; the longest comes first. hint: columns in ascending order
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    noise = values[:-d].mean()
    scale = (values[-d:] - noise).clamp_min(0).sqrt()
    return vectors[:, -d:] * scale, noise
