# The latents are rotated: the same W W' with columns that are not orthogonal.
def ppca_solution(Sigma: torch.Tensor, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(Sigma)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[d:].mean()
    weight = vectors[:, :d] * (values[:d] - noise).clamp_min(0).sqrt()
    turn = torch.linalg.qr(torch.ones(d, d).to(Sigma) + torch.arange(d).to(Sigma).diag()).Q
    return weight @ turn, noise
