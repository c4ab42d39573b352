# Absolute values.
def leave_one_out_gradient(values, scores):
    values = values.abs()
    others = (values.sum(dim=0) - values) / (len(values) - 1)
    return ((values - others)[..., None] * scores).mean(dim=0)
