# f does not get its half of the condition. hint: the condition only in the gate
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    f, g = features.chunk(2, dim=1)
    if condition is not None:
        g = g + condition[:, g.shape[1] :].reshape(*g.shape[:2], *[1] * (g.ndim - 2))
    return torch.tanh(f) * torch.sigmoid(g)
