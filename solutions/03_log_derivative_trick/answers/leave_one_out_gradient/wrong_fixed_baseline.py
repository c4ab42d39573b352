# The first value as baseline of all.
def leave_one_out_gradient(values, scores):
    others = values[:1]
    return ((values - others)[..., None] * scores).mean(dim=0)
