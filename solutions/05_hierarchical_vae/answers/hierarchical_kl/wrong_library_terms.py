# By the library's terms. hint: this is the library's answer
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    return model.terms(x, 1, generator)[1][0]
