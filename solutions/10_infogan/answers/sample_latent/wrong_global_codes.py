# Only the continuous codes come from the global generator. hint: draw every random number from the `generator` argument
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    z = 2 * torch.rand(n, noise, generator=generator) - 1
    values = [torch.randint(size, (n,), generator=generator) for size in categories]
    codes = 2 * torch.rand(n, continuous) - 1
    one_hot = [
        torch.nn.functional.one_hot(value, size).to(z.dtype)
        for value, size in zip(values, categories, strict=True)
    ]
    return torch.cat([z, *one_hot, codes], dim=1), torch.stack(values, dim=1), codes
