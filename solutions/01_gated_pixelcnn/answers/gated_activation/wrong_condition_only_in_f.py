# The gate does not get its half of the condition. hint: the condition only in f
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    f, g = features.chunk(2, dim=1)
    if condition is not None:
        f = f + condition[:, : f.shape[1]].reshape(*f.shape[:2], *[1] * (f.ndim - 2))
    return torch.tanh(f) * torch.sigmoid(g)
