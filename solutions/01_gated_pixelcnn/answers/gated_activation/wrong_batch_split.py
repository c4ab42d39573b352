# The batch is cut in two instead of the features; raises for an odd batch. hint: the batch cut in two
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    if condition is not None:
        features = features + condition.reshape(*condition.shape, *[1] * (features.ndim - 2))
    f, g = features.chunk(2, dim=0)
    return torch.tanh(f) * torch.sigmoid(g)
