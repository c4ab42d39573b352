# log p(x) minus the KL to the posterior, by dense Gaussians.
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    noise = torch.diag(torch.exp(-2 * log_noise))
    precision = torch.eye(len(encoder_bias)).to(x) + weight.T @ noise @ weight
    mean = torch.linalg.solve(precision, weight.T @ noise @ (x - bias).T).T
    at_mean = x @ encoder_weight.T + encoder_bias
    normal = torch.distributions.MultivariateNormal
    q = normal(at_mean, torch.diag(torch.exp(2 * encoder_log_sigma)))
    posterior = normal(mean, precision_matrix=precision)
    covariance = weight @ weight.T + torch.diag(torch.exp(2 * log_noise))
    kl = torch.distributions.kl_divergence(q, posterior)
    return normal(bias, covariance).log_prob(x) - kl
