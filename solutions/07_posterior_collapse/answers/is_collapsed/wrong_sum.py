# The sum over the data against the threshold. hint: the sum over the data
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.sum(dim=0) <= threshold).to(kl_per_unit.dtype)
