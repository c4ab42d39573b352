# The next sample's value as baseline: unbiased, with more variance.
def leave_one_out_gradient(values, scores):
    others = values.roll(-1, dims=0)
    return ((values - others)[..., None] * scores).mean(dim=0)
