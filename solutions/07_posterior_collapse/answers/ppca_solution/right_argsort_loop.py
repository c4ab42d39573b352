# Eigenvalues in any order, sorted, and W column by column with the other sign.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    order = values.argsort(descending=True)
    noise = values[order[d:]].mean()
    columns = [-vectors[:, j] * max(values[j] - noise, 0 * noise).sqrt() for j in order[:d]]
    return torch.stack(columns, dim=1), noise
