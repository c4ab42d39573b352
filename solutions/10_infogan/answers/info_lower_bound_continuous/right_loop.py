# A loop over the codes.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    total = torch.zeros_like(mu[:, 0])
    for j in range(mu.shape[1]):
        error = (code[:, j] - mu[:, j]) * torch.exp(-log_sigma[:, j])
        total = total + math.log(2) - 0.5 * math.log(2 * math.pi) - log_sigma[:, j] - error**2 / 2
    return total
