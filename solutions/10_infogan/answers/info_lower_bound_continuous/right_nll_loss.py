# torch's Gaussian loss without its lower limit on the variance.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    variance = torch.exp(2 * log_sigma)
    loss = torch.nn.functional.gaussian_nll_loss(
        mu, code, variance, full=True, eps=1e-300, reduction="none"
    )
    return (math.log(2) - loss).sum(dim=-1)
