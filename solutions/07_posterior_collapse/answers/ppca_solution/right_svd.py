# Singular values and vectors, which come largest first.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    U, values, _ = torch.linalg.svd(Sigma)
    noise = values[d:].sum() / (len(Sigma) - d)
    return U[:, :d] @ torch.diag((values[:d] - noise).clamp_min(0).sqrt()), noise
