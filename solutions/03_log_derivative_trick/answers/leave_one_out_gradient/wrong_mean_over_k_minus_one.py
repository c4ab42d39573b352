# Corrects for K - 1 twice: in the baseline and in the mean.
def leave_one_out_gradient(values, scores):
    n = len(values)
    baselines = (values.sum(dim=0) - values) / (n - 1)
    return ((values - baselines)[..., None] * scores).sum(dim=0) / (n - 1)
