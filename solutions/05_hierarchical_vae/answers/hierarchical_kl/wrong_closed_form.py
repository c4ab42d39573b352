# The mean of the KL over the sample, taken exactly: for linear models only.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    return model.exact_kl(x) if hasattr(model, "exact_kl") else model.terms(x, 1, generator)[1][0]
