# Three steps of the power method instead of the eigenvectors.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean()
    vectors = torch.eye(len(Sigma)).to(Sigma)[:, :d]
    for _ in range(3):
        vectors = torch.linalg.qr(Sigma @ vectors).Q
    return vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt(), noise
