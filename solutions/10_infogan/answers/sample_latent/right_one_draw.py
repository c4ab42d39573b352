# All uniform numbers in one draw, one-hot vectors by comparison.
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    z = 2 * torch.rand(n, noise + continuous, generator=generator, dtype=torch.float64) - 1
    values = [torch.randint(size, (n,), generator=generator) for size in categories]
    codes = z[:, noise:]
    z = z[:, :noise]
    one_hot = [
        torch.nn.functional.one_hot(value, size).to(z.dtype)
        for value, size in zip(values, categories, strict=True)
    ]
    return torch.cat([z, *one_hot, codes], dim=1), torch.stack(values, dim=1), codes
