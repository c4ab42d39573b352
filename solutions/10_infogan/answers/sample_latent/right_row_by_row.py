# A loop over the rows.
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rows, all_values, all_codes = [], [], []
    z = 2 * torch.rand(n, noise + continuous, generator=generator) - 1
    drawn = [torch.randint(size, (n,), generator=generator).tolist() for size in categories]
    for i in range(n):
        hot = []
        for j, size in enumerate(categories):
            hot += [1.0 if k == drawn[j][i] else 0.0 for k in range(size)]
        rows.append(torch.cat([z[i, :noise], torch.tensor(hot), z[i, noise:]]))
        all_values.append([column[i] for column in drawn])
        all_codes.append(z[i, noise:])
    return torch.stack(rows), torch.tensor(all_values), torch.stack(all_codes)
