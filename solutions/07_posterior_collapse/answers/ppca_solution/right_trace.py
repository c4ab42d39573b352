# The noise from the trace of Sigma, without the small eigenvalues.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    kept, U = values[-d:].flip(0), vectors[:, -d:].flip(1)
    noise = (torch.trace(Sigma) - kept.sum()) / (len(Sigma) - d)
    return U * (kept - noise).clamp_min(0).sqrt(), noise
