# The noise has a triangular distribution with the variance of the uniform one.
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    z = (
        torch.rand(n, noise, generator=generator) - torch.rand(n, noise, generator=generator)
    ) * 2**0.5
    values = [torch.randint(size, (n,), generator=generator) for size in categories]
    codes = 2 * torch.rand(n, continuous, generator=generator) - 1
    one_hot = [
        torch.nn.functional.one_hot(value, size).to(z.dtype)
        for value, size in zip(values, categories, strict=True)
    ]
    return torch.cat([z, *one_hot, codes], dim=1), torch.stack(values, dim=1), codes
