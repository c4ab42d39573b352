# Divides by the standard deviation of the values, as is done in reinforcement learning.
def leave_one_out_gradient(values, scores):
    baselines = (values.sum(dim=0) - values) / (len(values) - 1)
    weights = (values - baselines) / values.std(dim=0)
    return (weights[..., None] * scores).mean(dim=0)
