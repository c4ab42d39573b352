# Squeezes axes of size 1 away.
def leave_one_out_gradient(values, scores):
    others = (values.sum(dim=0) - values) / (len(values) - 1)
    return ((values - others)[..., None] * scores).mean(dim=0).squeeze()
