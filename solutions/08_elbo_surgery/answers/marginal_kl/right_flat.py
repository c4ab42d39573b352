# All samples in one row.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    codes = z.reshape(-1, z.shape[-1])
    log_q = surgery.aggregated_posterior_log_prob(codes, mu, log_sigma)
    return torch.mean(log_q - prior.log_prob(codes))
