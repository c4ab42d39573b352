# Both sides from the same samples: the difference is zero whatever the mixture is. hint: then the test can't fail
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    log_n = mu.new_tensor(len(mu)).log()
    log_p = distributions.gaussian_log_prob(z, torch.zeros_like(mu), torch.zeros_like(mu))
    marginal = log_q.logsumexp(dim=-1) - log_n - log_p
    information = log_n - torch.special.entr(log_q.softmax(dim=-1)).sum(dim=-1)
    own = log_q.diagonal(dim1=-2, dim2=-1)
    average_kl = (own - log_p).mean()
    t = (marginal + information).mean(dim=1)
    error = t.std() / len(z) ** 0.5
    z_score = (t.mean() - average_kl) / error
    return float(average_kl), float(marginal.mean()), float(information.mean()), float(z_score)
