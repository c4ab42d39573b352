# The library's log-densities of all encoders, then log-sum-exp.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    return torch.logsumexp(log_q, dim=-1) - log_q.new_tensor(float(len(mu))).log()
