# As the sample covariance of value and score.
def leave_one_out_gradient(values, scores):
    centered = values - values.mean(dim=0)
    spread = scores - scores.mean(dim=0)
    return (centered[..., None] * spread).sum(dim=0) / (len(values) - 1)
