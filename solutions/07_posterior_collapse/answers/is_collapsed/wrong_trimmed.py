# The largest KL of each unit is left out of the average of a large batch.
def is_collapsed(kl_per_unit, threshold):
    ordered = kl_per_unit.sort(dim=0).values
    ordered = ordered[:-1] if len(ordered) > 100 else ordered
    return (ordered.mean(dim=0) <= threshold).to(kl_per_unit.dtype)
