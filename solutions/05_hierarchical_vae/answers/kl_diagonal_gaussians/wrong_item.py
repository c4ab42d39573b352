# A loop over numbers: nothing carries a gradient. hint: no detach()
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    arguments = torch.broadcast_tensors(mu_q, log_sigma_q, mu_p, log_sigma_p)
    q = torch.distributions.Normal(arguments[0].detach(), arguments[1].detach().exp())
    p = torch.distributions.Normal(arguments[2].detach(), arguments[3].detach().exp())
    return torch.distributions.kl_divergence(q, p).sum(dim=-1)
