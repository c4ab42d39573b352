# The KL the other way: log p - log q. hint: the KL the other way
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    return (prior.log_prob(z) - log_mixture).mean()
