# One data point at a time, with matrices and torch.distributions.
def linear_vae_elbo(
    x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma
) -> torch.Tensor:
    values = []
    noise = torch.diag(torch.exp(2 * log_noise))
    spread = weight @ torch.diag(torch.exp(2 * encoder_log_sigma)) @ weight.T
    prior = torch.distributions.Normal(
        torch.zeros_like(encoder_bias), torch.ones_like(encoder_bias)
    )
    for point in x:
        mu = encoder_weight @ point + encoder_bias
        mean = torch.distributions.MultivariateNormal(weight @ mu + bias, noise).log_prob(point)
        q = torch.distributions.Normal(mu, encoder_log_sigma.exp())
        kl = torch.distributions.kl_divergence(q, prior).sum()
        values.append(mean - 0.5 * torch.trace(torch.linalg.solve(noise, spread)) - kl)
    return torch.stack(values)
