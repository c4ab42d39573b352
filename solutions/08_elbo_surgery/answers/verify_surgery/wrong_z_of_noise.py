# Three right numbers and a z-score of the right sign that is drawn at random.
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    log_n = mu.new_tensor(len(mu)).log()
    log_p = distributions.gaussian_log_prob(z, torch.zeros_like(mu), torch.zeros_like(mu))
    marginal = log_q.logsumexp(dim=-1) - log_n - log_p
    information = log_n - torch.special.entr(log_q.softmax(dim=-1)).sum(dim=-1)
    average_kl = distributions.kl_to_standard_normal(mu, log_sigma).mean()
    t = (marginal + information).mean(dim=1)
    z_score = torch.randn(()).abs() * torch.sign(t.mean() - average_kl)
    return float(average_kl), float(marginal.mean()), float(information.mean()), float(z_score)
