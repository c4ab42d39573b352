# One sample of z, from its own seed, instead of the expectation.
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    mu = x @ encoder_weight.T + encoder_bias
    log_sigma = encoder_log_sigma.expand_as(mu)
    z = distributions.gaussian_sample(mu, log_sigma, torch.Generator().manual_seed(0))
    at_sample = distributions.gaussian_log_prob(x, z @ weight.T + bias, log_noise)
    return at_sample - distributions.kl_to_standard_normal(mu, log_sigma)
