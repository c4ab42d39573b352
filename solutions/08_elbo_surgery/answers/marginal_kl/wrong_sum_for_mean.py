# A sum over the samples in the place of the mean.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    log_n = mu.new_tensor(len(mu)).log()
    log_mixture = log_q.logsumexp(dim=-1) - log_n
    log_p = prior.log_prob(z)
    return (log_mixture - log_p).sum()
