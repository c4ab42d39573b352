# The noise is uniform on (0, 1). hint: stretch and shift
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    z = torch.rand(n, noise, generator=generator)
    values = [torch.randint(size, (n,), generator=generator) for size in categories]
    codes = 2 * torch.rand(n, continuous, generator=generator) - 1
    one_hot = [
        torch.nn.functional.one_hot(v, size).float()
        for v, size in zip(values, categories, strict=True)
    ]
    return torch.cat([z, *one_hot, codes], dim=1), torch.stack(values, dim=1), codes
