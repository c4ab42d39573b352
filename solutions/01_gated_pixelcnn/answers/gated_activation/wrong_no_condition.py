# The condition is ignored. hint: the condition left out
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    f, g = features.chunk(2, dim=1)
    return torch.tanh(f) * torch.sigmoid(g)
