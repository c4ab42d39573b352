# The mean of log q over the codes, the entropy of all. hint: so log q is a sum
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    q = torch.distributions.Normal(mu, log_sigma.exp())
    entropy = mu.shape[1] * mu.new_tensor(2).log()
    return entropy + q.log_prob(code).mean(dim=1)
