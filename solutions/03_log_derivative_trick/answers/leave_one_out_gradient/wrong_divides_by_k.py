# The sum of the others divided by K; there are K - 1 of them.
def leave_one_out_gradient(values, scores):
    baselines = (values.sum(dim=0) - values) / len(values)
    return ((values - baselines)[..., None] * scores).mean(dim=0)
