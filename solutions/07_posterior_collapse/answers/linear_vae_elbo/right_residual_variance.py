# The expected squared residual of every coordinate, then its log-density.
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    mu = x @ encoder_weight.T + encoder_bias
    variance = torch.exp(2 * encoder_log_sigma)
    residual = (x - mu @ weight.T - bias) ** 2 + weight**2 @ variance
    terms = distributions.LOG_TWO_PI + 2 * log_noise + residual / torch.exp(2 * log_noise)
    kl = distributions.kl_per_unit(mu, encoder_log_sigma.expand_as(mu))
    return -0.5 * terms.sum(dim=-1) - kl.sum(dim=-1)
