# A condition of None is an error; raises.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    features = features + condition.reshape(*condition.shape, *[1] * (features.ndim - 2))
    f, g = features.chunk(2, dim=1)
    return torch.tanh(f) * torch.sigmoid(g)
