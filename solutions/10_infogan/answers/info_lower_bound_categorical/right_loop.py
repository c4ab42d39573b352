# A loop over the rows.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    rows = []
    for row, value in zip(logits, category.tolist(), strict=True):
        shifted = row - row.max()
        rows.append(shifted[value] - shifted.exp().sum().log() + math.log(len(row)))
    return torch.stack(rows)
