# The median over the data: a unit that speaks on few images only is called dead. hint: the median over the data
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.median(dim=0).values <= threshold).to(kl_per_unit.dtype)
