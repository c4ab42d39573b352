# One sample at a time, with the entropy of torch.distributions.Categorical.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    entropies = []
    for sweep in z:
        for code in sweep:
            log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
            entropies.append(torch.distributions.Categorical(logits=log_q).entropy())
    return mu.new_tensor(len(mu)).log() - torch.stack(entropies).mean()
