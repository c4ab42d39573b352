# The decoder's weights are clamped to [-2, 2].
def linear_vae_elbo(x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma):
    weight = weight.clamp(-2, 2)
    mean = x @ encoder_weight.T + encoder_bias
    at_mean = distributions.gaussian_log_prob(x, mean @ weight.T + bias, log_noise)
    trace = ((weight * torch.exp(encoder_log_sigma - log_noise[:, None])) ** 2).sum()
    kl = distributions.kl_to_standard_normal(mean, encoder_log_sigma.expand_as(mean))
    return at_mean - 0.5 * trace - kl
