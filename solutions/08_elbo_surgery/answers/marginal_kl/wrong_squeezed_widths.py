# The widths lose their axis when d = 1, and broadcast over the encoders.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma.squeeze())
    return (log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log() - prior.log_prob(z)).mean()
