# f is always the first three features; raises for other numbers of features.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    if condition is not None:
        features = features + condition.reshape(*condition.shape, *[1] * (features.ndim - 2))
    f, g = features[:, :3], features[:, 3:]
    return torch.tanh(f) * torch.sigmoid(g)
