# The encoder that a sample came from is left out of the mixture.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    log_n = mu.new_tensor(len(mu)).log()
    others = log_q.masked_fill(torch.eye(len(mu), dtype=torch.bool), -torch.inf)
    return (others.logsumexp(dim=-1) - log_n - prior.log_prob(z)).mean()
