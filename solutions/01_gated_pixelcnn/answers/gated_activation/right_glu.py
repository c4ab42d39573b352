# By torch's gated linear unit, of tanh and what the gate is.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    if condition is not None:
        features = features + condition.unflatten(1, (-1, *[1] * (features.ndim - 2)))
    f, g = torch.tensor_split(features, 2, dim=1)
    return F.glu(torch.cat([2 * f.mul(2).sigmoid() - 1, g], dim=1), dim=1)
