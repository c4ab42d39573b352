# The decoder at the mean of q only: the trace is missing. hint: the trace of (7.18) missing
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    mu = x @ encoder_weight.T + encoder_bias
    at_mean = distributions.gaussian_log_prob(x, mu @ weight.T + bias, log_noise)
    kl = distributions.kl_to_standard_normal(mu, encoder_log_sigma.expand_as(mu))
    return at_mean - kl
