# The features moved to the last axis, where a condition broadcasts from the front.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    moved = features.movedim(1, -1)
    if condition is not None:
        moved = moved + condition.view(len(condition), *[1] * (features.ndim - 2), -1)
    f, g = moved.split(moved.shape[-1] // 2, dim=-1)
    return (f.tanh() * g.sigmoid()).movedim(-1, 1)
