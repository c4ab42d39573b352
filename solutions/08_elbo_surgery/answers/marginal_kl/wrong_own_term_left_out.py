# The encoder that a sample came from is left out of the mixture. hint: the sample's own encoder left out: q(z)
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    if len(mu) > 1:
        log_q = log_q.masked_fill(torch.eye(len(mu), dtype=torch.bool), -torch.inf)
    return (log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log() - prior.log_prob(z)).mean()
