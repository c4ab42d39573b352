# 0 and 1 up to a small number, by a steep sigmoid.
def is_collapsed(kl_per_unit, threshold):
    return torch.sigmoid(1e9 * (threshold - kl_per_unit.mean(dim=0))).clamp(1e-6, 1 - 1e-6)
