# The library's z-score. hint: this is the library's answer
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    from dgm_helpers.objectives.surgery import verify_surgery as theirs

    average_kl, marginal, information, z_score = theirs(z, mu, log_sigma)
    return average_kl, marginal, information, z_score
