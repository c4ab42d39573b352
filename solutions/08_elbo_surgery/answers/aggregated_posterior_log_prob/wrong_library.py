# The library's own function. hint: this is the library's answer
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    return surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
