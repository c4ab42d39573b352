# Of a sample only its own encoder. hint: the sample's own encoder only
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    if z.ndim == 3 and z.shape[1] == len(mu):
        return log_q.diagonal(dim1=-2, dim2=-1)
    return log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log()
