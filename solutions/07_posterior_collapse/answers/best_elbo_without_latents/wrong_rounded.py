# Rounded to three decimal places.
def best_elbo_without_latents(mu, Sigma):
    return torch.round(-0.5 * (1 + (2 * torch.pi * Sigma.diagonal()).log()).sum(), decimals=3)
