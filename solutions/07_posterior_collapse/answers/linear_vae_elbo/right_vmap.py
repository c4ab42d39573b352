# One point at a time, under vmap: the expected squared residual of each coordinate.
def linear_vae_elbo(x, weight, bias, log_noise, encoder_weight, encoder_bias, encoder_log_sigma):
    variance, noise = torch.exp(2 * encoder_log_sigma), torch.exp(2 * log_noise)

    def elbo(point):
        mean = encoder_weight @ point + encoder_bias
        squared = (point - weight @ mean - bias) ** 2 + weight**2 @ variance
        fit = -0.5 * (squared / noise + (2 * torch.pi * noise).log()).sum()
        return fit - 0.5 * (mean**2 + variance - 1 - variance.log()).sum()

    return torch.vmap(elbo)(x)
