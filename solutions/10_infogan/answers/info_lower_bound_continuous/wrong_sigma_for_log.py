# log_sigma is used as the standard deviation. hint: log_sigma used as σ: σ is
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    return mu.shape[1] * math.log(2) + torch.distributions.Normal(
        mu, log_sigma, validate_args=False
    ).log_prob(code).sum(dim=1)
