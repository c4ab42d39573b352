# The entropy without its constant. hint: only log σ
def elbo_three_ways(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    mu, log_sigma = model.encode(x)
    variance = torch.exp(2 * log_sigma)
    trace = (variance * (model.weight**2).sum(dim=0)).sum(dim=-1)
    noise = torch.exp(2 * model.log_noise)
    reconstruction = model.log_likelihood(x, mu) - 0.5 * trace / noise
    at_mean = distributions.gaussian_log_prob(mu, torch.zeros_like(mu), torch.zeros_like(mu))
    log_prior = at_mean - 0.5 * variance.sum(dim=-1)
    entropy = log_sigma.sum(dim=-1)
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    evidence_form = torch.stack([model.log_prob(x), -model.gap(x)])
    energy_form = torch.stack([reconstruction + log_prior, entropy])
    prior_form = torch.stack([reconstruction, -kl])
    return torch.stack([evidence_form, energy_form, prior_form])
