# By the library's terms. hint: this is the library's answer
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    reconstruction, kl = model.terms(x, 1, generator)
    return (reconstruction - kl.sum(dim=-1))[0]
