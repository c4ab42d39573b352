# By Bayes' rule from the student's own aggregated posterior.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    log_n = mu.new_tensor(len(mu)).log()
    log_index = log_q - log_n - aggregated_posterior_log_prob(z, mu, log_sigma).unsqueeze(-1)
    return log_n - torch.special.entr(log_index.exp()).sum(dim=-1).mean()
