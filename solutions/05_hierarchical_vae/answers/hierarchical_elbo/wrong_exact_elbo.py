# The exact ELBO of a linear chain; the library for other models. hint: this is the library's answer
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    return model.exact_elbo(x) if hasattr(model, "exact_elbo") else model.elbo(x, 1, generator)
