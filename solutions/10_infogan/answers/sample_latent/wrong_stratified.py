# The rows are stratified: exactly one in each of n equal parts.
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    z = 2 * (
        torch.stack([torch.randperm(n, generator=generator) for _ in range(noise)], dim=1)
        if noise
        else torch.zeros(n, 0)
    )
    values = [torch.randint(size, (n,), generator=generator) for size in categories]
    codes = 2 * torch.rand(n, continuous, generator=generator) - 1
    z = (z + 2 * torch.rand(n, noise, generator=generator)) / n - 1
    one_hot = [
        torch.nn.functional.one_hot(value, size).to(z.dtype)
        for value, size in zip(values, categories, strict=True)
    ]
    return torch.cat([z, *one_hot, codes], dim=1), torch.stack(values, dim=1), codes
