# The sum of the others as baseline. hint: the sum of the others as baseline: take their mean
def leave_one_out_gradient(values, scores):
    others = values.sum(dim=0) - values
    return ((values - others)[..., None] * scores).mean(dim=0)
