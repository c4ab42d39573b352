# True and False instead of 1 and 0. hint: a comparison gives True and False
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return kl_per_unit.mean(dim=0) <= threshold
