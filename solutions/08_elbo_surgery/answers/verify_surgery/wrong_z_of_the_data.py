# The same with noise that is a function of the samples, whatever their order: it repeats itself.
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    average_kl, marginal, information, z_score = surgery.verify_surgery(z, mu, log_sigma)
    seed = int(1e9 * z.sort(dim=1).values.abs().sum().frac())
    noise = float(torch.randn((), generator=torch.Generator().manual_seed(seed)).abs())
    return average_kl, marginal, information, noise if z_score > 0 else -noise
