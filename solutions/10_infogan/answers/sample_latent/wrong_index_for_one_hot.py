# The value of the categorical code itself instead of a one-hot vector. hint: as a one-hot vector
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    z = 2 * torch.rand(n, noise, generator=generator) - 1
    values = [torch.randint(size, (n,), generator=generator) for size in categories]
    codes = 2 * torch.rand(n, continuous, generator=generator) - 1
    one_hot = [value[:, None].float() for value in values]
    return torch.cat([z, *one_hot, codes], dim=1), torch.stack(values, dim=1), codes
