# The expected joint density plus the entropy of q, which is another form of the ELBO.
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    mu = torch.einsum("bi,ji->bj", x, encoder_weight) + encoder_bias
    variance = torch.exp(2 * encoder_log_sigma)
    at_mean = distributions.gaussian_log_prob(x, mu @ weight.T + bias, log_noise)
    trace = torch.einsum("j,ij,i->", variance, weight**2, torch.exp(-2 * log_noise))
    zeros = torch.zeros_like(encoder_bias)
    prior = distributions.gaussian_log_prob(mu, zeros, zeros) - 0.5 * variance.sum()
    return at_mean - 0.5 * trace + prior + distributions.gaussian_entropy(encoder_log_sigma)
