# The covariance with K instead of K - 1. hint: includes the sample itself
def leave_one_out_gradient(values, scores):
    f, s = values[..., None], scores
    return (f * s).mean(dim=0) - f.mean(dim=0) * s.mean(dim=0)
