# Rounding makes the root of a negative number: NaN for a multiple of the identity. hint: NaN comes from
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean()
    return vectors[:, :d] * (values[:d] - noise).sqrt(), noise
