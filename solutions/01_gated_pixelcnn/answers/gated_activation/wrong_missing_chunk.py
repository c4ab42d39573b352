# f and g are never defined; raises NameError.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    if condition is not None:
        features = features + condition.reshape(*condition.shape, *[1] * (features.ndim - 2))
    return torch.tanh(f) * torch.sigmoid(g)
