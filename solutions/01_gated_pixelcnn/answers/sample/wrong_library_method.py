# Calls the model's own sampler. hint: this is the library's answer
def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    return model.sample(n, label, generator)
