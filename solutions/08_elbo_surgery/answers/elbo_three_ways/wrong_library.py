# The library's own function. hint: this is the library's answer
def elbo_three_ways(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    return surgery.elbo_three_ways(model, x)
