# As the sample covariance of value and score.
def leave_one_out_gradient(values, scores):
    centred = values - values.mean(dim=0)
    spread = scores - scores.mean(dim=0)
    return (centred[..., None] * spread).sum(dim=0) / (len(values) - 1)
