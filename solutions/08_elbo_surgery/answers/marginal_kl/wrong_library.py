# The library's own function. hint: this is the library's answer
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    return surgery.marginal_kl(z, mu, log_sigma, prior)
