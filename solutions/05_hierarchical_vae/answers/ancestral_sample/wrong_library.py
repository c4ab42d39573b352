# The library's function.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    return hierarchical.ancestral_sample(model.prior, noise)
