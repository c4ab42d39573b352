# The mean of the logs instead of the log of the mean. hint: the log belongs outside the mean over j
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    return (log_q.mean(dim=-1) - prior.log_prob(z)).mean()
