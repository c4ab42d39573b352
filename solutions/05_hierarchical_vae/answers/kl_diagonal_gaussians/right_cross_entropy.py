# Cross-entropy minus entropy, coordinate by coordinate, in a loop.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    mu_q, log_sigma_q, mu_p, log_sigma_p = torch.broadcast_tensors(
        mu_q, log_sigma_q, mu_p, log_sigma_p
    )
    total = 0
    for j in range(mu_q.shape[-1]):
        square = torch.exp(2 * log_sigma_q[..., j]) + (mu_q[..., j] - mu_p[..., j]) ** 2
        cross = log_sigma_p[..., j] + 0.5 * square / torch.exp(2 * log_sigma_p[..., j])
        total = total + cross - log_sigma_q[..., j] - 0.5
    return total
