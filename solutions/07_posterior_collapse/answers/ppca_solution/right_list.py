# A list, W by a diagonal matrix, in float64 whatever the dtype of Sigma.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma.double())
    noise = float(values[: len(Sigma) - d].mean())
    scale = (values[-d:] - noise).clamp_min(0).sqrt().diag()
    return [(vectors[:, -d:] @ scale).flip(1), noise]
