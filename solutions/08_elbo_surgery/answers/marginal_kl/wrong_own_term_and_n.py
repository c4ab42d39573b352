# The same, with n - 1 for n. hint: left out (and n - 1 for n)
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    if len(mu) > 1:
        log_q = log_q.masked_fill(torch.eye(len(mu), dtype=torch.bool), -torch.inf)
    others = mu.new_tensor(max(len(mu) - 1, 1))
    return (log_q.logsumexp(dim=-1) - others.log() - prior.log_prob(z)).mean()
