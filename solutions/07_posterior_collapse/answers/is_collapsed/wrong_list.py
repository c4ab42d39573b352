# A list of numbers, which has no dtype. hint: `.to(kl_per_unit.dtype)` converts
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean(dim=0) <= threshold).to(kl_per_unit.dtype).tolist()
