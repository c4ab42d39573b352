# Unit by unit, with Python numbers.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    n, d = kl_per_unit.shape
    answer = [1.0 if float(kl_per_unit[:, j].sum()) / n <= threshold else 0.0 for j in range(d)]
    return torch.tensor(answer, dtype=kl_per_unit.dtype)
