# Only the first 100 points.
def is_collapsed(kl_per_unit, threshold):
    return (kl_per_unit[:100].mean(dim=0) <= threshold).to(kl_per_unit.dtype)
