# Tensors filled in place by uniform_, one-hot vectors by scatter_, the largest parts first.
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    latent = torch.zeros(n, noise + sum(categories) + continuous)
    latent[:, :noise].uniform_(-1, 1, generator=generator)
    if continuous:
        latent[:, -continuous:].uniform_(-1, 1, generator=generator)
    values = torch.stack([torch.randint(k, (n,), generator=generator) for k in categories], dim=1)
    start = noise
    for j, size in enumerate(categories):
        latent.scatter_(1, start + values[:, j : j + 1], 1.0)
        start += size
    return latent, values, latent[:, latent.shape[1] - continuous :].clone()
