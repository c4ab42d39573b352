# Coordinate by coordinate: its variance over its variance given the earlier ones.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    total = 0.0
    for i in range(1, len(Sigma)):
        before, shared = Sigma[:i, :i], Sigma[:i, i]
        left = Sigma[i, i] - shared @ torch.linalg.solve(before, shared)
        total = total + 0.5 * (Sigma[i, i] / left).log()
    return torch.as_tensor(total).clamp_min(0)
