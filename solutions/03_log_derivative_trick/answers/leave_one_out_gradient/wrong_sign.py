# Subtracts the value from the baseline.
def leave_one_out_gradient(values, scores):
    others = (values.sum(dim=0) - values) / (len(values) - 1)
    return ((others - values)[..., None] * scores).mean(dim=0)
