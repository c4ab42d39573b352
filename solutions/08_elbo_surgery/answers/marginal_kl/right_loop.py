# One sweep after another, one encoder's sample after another.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    total = 0.0
    for sweep in z:
        for code in sweep:
            total += surgery.aggregated_posterior_log_prob(code, mu, log_sigma) - prior.log_prob(
                code
            )
    return total / (z.shape[0] * z.shape[1])
