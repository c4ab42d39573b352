# The trace is added. hint: the trace added
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    mu = x @ encoder_weight.T + encoder_bias
    at_mean = distributions.gaussian_log_prob(x, mu @ weight.T + bias, log_noise)
    per_unit = (weight**2 / torch.exp(2 * log_noise)[:, None]).sum(dim=0)
    trace = (torch.exp(2 * encoder_log_sigma) * per_unit).sum()
    kl = distributions.kl_to_standard_normal(mu, encoder_log_sigma.expand_as(mu))
    return at_mean + 0.5 * trace - kl
