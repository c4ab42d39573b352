# Every other point of a large batch.
def is_collapsed(kl_per_unit, threshold):
    part = kl_per_unit[::2] if len(kl_per_unit) > 60 else kl_per_unit
    return (part.mean(dim=0) <= threshold).to(kl_per_unit.dtype)
