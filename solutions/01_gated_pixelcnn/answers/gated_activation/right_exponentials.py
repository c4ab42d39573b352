# From exponentials of the halves, the places in one row.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    p = features.shape[1] // 2
    rows = features.flatten(2) if features.ndim > 2 else features[:, :, None]
    if condition is not None:
        rows = rows + condition[:, :, None]
    gate = 1 / (1 + torch.exp(-rows[:, p:]))
    return (torch.tanh(rows[:, :p]) * gate).reshape(features.shape[0], p, *features.shape[2:])
