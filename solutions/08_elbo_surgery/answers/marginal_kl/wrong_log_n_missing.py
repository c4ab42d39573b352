# Log n is missing from the mixture. hint: a mixture without its log n
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    return (log_q.logsumexp(dim=-1) - prior.log_prob(z)).mean()
