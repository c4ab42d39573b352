# One-hot vectors from the rows of an identity matrix, values by multinomial, in float64, the codes drawn first.
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    codes = 2 * torch.rand(n, continuous, generator=generator, dtype=torch.float64) - 1
    parts, values = [], []
    for size in categories:
        value = torch.multinomial(torch.ones(size), n, replacement=True, generator=generator)
        values.append(value)
        parts.append(torch.eye(size, dtype=torch.float64)[value])
    z = 2 * torch.rand(n, noise, generator=generator, dtype=torch.float64) - 1
    return torch.cat([z, *parts, codes], dim=1), torch.stack(values, dim=1), codes
